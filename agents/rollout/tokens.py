"""Whole answers at once: sample with the policy's cache, then play the tokens in the world.

A token world only appends what is written, so an answer can be sampled without stepping the world
and replayed afterwards; wrappers see every step and pay what they pay. This keeps the plain
step/reset interface at the speed of cached sampling.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode, VectorEnv

from plaudit.agents.policies.base import TokenPolicy, read_windows
from plaudit.agents.rollout.truth import Truth
from plaudit.agents.types import Rollout
from plaudit.envs.types import TokenSpec
from plaudit.feedback.wrappers.base import env_id, layers

AnyVector = VectorEnv[Any, Any, Any]
# Of make_vec, not of the world; which game it is, the id says.
FORM = ("autoreset_mode", "game", "num_envs", "vectorization_mode")


def collect(
    policy: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    rng: torch.Generator,
    greedy: bool = False,
) -> Rollout:
    """One answer per row of a token world.

    Args:
        policy: writes the answers; its vocabulary is the world's.
        venv: a vector form with auto-reset disabled, wrapped or not.
        seeds: (B,) one per row; rows with equal seeds get the same prompt and form a group.
        rng: of the answers.
        greedy: write the likeliest tokens.

    Raises:
        TypeError, ValueError: see `check_world`.
    """
    spec = check_world(policy, venv)
    obs, info = venv.reset(seed=list(seeds))  # type: ignore[arg-type]
    ids, mask = read_windows(obs, spec.pad_id)
    batch = policy.sample(ids, mask, max_new=spec.max_new, rng=rng, greedy=greedy)
    written = batch.action_mask.cpu().numpy()
    actions = np.where(written, batch.tokens.cpu().numpy(), 0)
    rewards, legal = np.zeros(written.shape), written.copy()
    truth, last = Truth(venv), dict[str, Any]()
    for t in range(spec.max_new):
        live = written[:, t]
        if not live.any():
            break
        legal[:, t] &= _permitted(info, actions[:, t])
        _, rewards[:, t], terminated, truncated, info = venv.step(actions[:, t])
        truth.add(rewards[:, t], info, live)
        _keep_last(last, info, live & (terminated | truncated))
    _, groups = np.unique(np.asarray(seeds), return_inverse=True)
    device = batch.tokens.device
    return Rollout(
        batch,
        torch.from_numpy(np.where(written, rewards, 0.0)).float().to(device),
        torch.from_numpy(groups).to(device),
        torch.zeros_like(batch.tokens),
        valid=float(legal.sum() / written.sum()),
        true_scores=truth.scores,
        info=last,
    )


def _permitted(info: dict[str, Any], actions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(B,) whether each row's action was legal; without a mask all of them are."""
    mask = info.get("action_mask")
    if mask is None:
        return np.ones(len(actions), np.bool_)
    allowed: npt.NDArray[np.bool_] = np.asarray(mask)[np.arange(len(actions)), actions] > 0
    return allowed


def token_spec(venv: AnyVector) -> TokenSpec:
    """The token spec of a world's vector form, wrapped or not.

    Raises:
        TypeError: it is not a token world.
    """
    spec = getattr(venv.unwrapped, "token_spec", None)
    if not isinstance(spec, TokenSpec):
        raise TypeError(
            "expected a token world's own vector form or a LoopVectorEnv, which have a token_spec; "
            f"got {venv}"
        )
    return spec


def check_world(policy: TokenPolicy, venv: AnyVector) -> TokenSpec:
    """The token spec of a world that the policy can answer.

    Raises:
        TypeError: `venv` is no vector form of a token world, or `policy` no token policy.
        ValueError: the world resets by itself, or policy and world have different vocabularies.
    """
    if not isinstance(venv, VectorEnv):
        raise TypeError(f"expected a vector form, as gym.make_vec or make_rows make it, got {venv}")
    if not isinstance(policy, TokenPolicy):
        raise TypeError(f"expected a token policy, as agents.policy makes it, got {policy!r}")
    spec = token_spec(venv)
    mode = venv.metadata.get("autoreset_mode")
    if mode != AutoresetMode.DISABLED:
        raise ValueError(
            "answers of different lengths are collected with auto-reset disabled: make the world "
            f"with autoreset_mode='Disabled', got {mode}"
        )
    if spec.turns > 1 or spec.backspace_id is not None or venv.single_action_space.shape:
        raise ValueError(
            "whole answers are sampled: the world must have one turn, no backspace and no macro "
            f"actions, got {spec} and actions {venv.single_action_space}"
        )
    if policy.vocab_size != spec.vocab_size or policy.eos_id != spec.eos_id:
        raise ValueError(
            f"the policy writes {policy.vocab_size} tokens with end token {policy.eos_id}, the "
            f"world reads {spec.vocab_size} with end token {spec.eos_id}"
        )
    return spec


def describe(venv: AnyVector) -> list[str]:
    """Wrappers from the outside in, the world's id and its settings: what a saved state fits."""
    spec = venv.unwrapped.spec
    settings = {} if spec is None else spec.kwargs
    told = {key: settings[key] for key in sorted(settings) if key not in FORM}
    return [*(type(layer).__name__ for layer in layers(venv)), env_id(venv), str(told)]


def _keep_last(kept: dict[str, Any], info: dict[str, Any], over: Any) -> None:
    """Copy the info of rows that are over into `kept`, so that each row's last one stays."""
    for key, value in info.items():
        if key.startswith("_"):
            continue
        if isinstance(value, dict):
            _keep_last(kept.setdefault(key, {}), value, over)
        elif isinstance(value, np.ndarray):
            target = kept.setdefault(key, np.zeros_like(value))
            target[over] = value[over]
