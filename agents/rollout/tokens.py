"""Whole answers at once: sample with the policy's cache, then play the tokens in the world.

A token world only appends what is written, so an answer can be sampled without stepping the world
and replayed afterwards; wrappers see every step and pay what they pay. This keeps the plain
step/reset interface at the speed of cached sampling.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv

from plaudit.agents.policies.base import TokenPolicy, read_windows
from plaudit.agents.types import Rollout
from plaudit.envs.types import TokenSpec

AnyVector = VectorEnv[Any, Any, Any]


def collect(
    policy: TokenPolicy, venv: AnyVector, *, seeds: Sequence[int], rng: torch.Generator
) -> Rollout:
    """One answer per row of a token world.

    Args:
        policy: writes the answers; its vocabulary is the world's.
        venv: a vector form with auto-reset disabled, wrapped or not.
        seeds: (B,) one per row; rows with equal seeds get the same prompt and form a group.
        rng: of the answers.

    Raises:
        ValueError: the world resets by itself, or policy and world have different vocabularies.
    """
    spec = token_spec(venv)
    _check(policy, venv, spec)
    obs, _ = venv.reset(seed=list(seeds))  # type: ignore[arg-type]
    ids, mask = read_windows(obs, spec.pad_id)
    batch = policy.sample(ids, mask, max_new=spec.max_new, rng=rng)
    written = batch.action_mask.cpu().numpy()
    actions = np.where(written, batch.tokens.cpu().numpy(), 0)
    rewards = np.zeros(written.shape)
    info: dict[str, Any] = {}
    for t in range(spec.max_new):
        if not written[:, t].any():
            break
        _, rewards[:, t], terminated, truncated, step_info = venv.step(actions[:, t])
        _keep_last(info, step_info, written[:, t] & (terminated | truncated))
    _, groups = np.unique(np.asarray(seeds), return_inverse=True)
    paid = torch.from_numpy(np.where(written, rewards, 0.0)).float()
    device = batch.tokens.device
    return Rollout(batch, paid.to(device), torch.from_numpy(groups).to(device), info)


def token_spec(venv: AnyVector) -> TokenSpec:
    """The token spec of a world's vector form, wrapped or not.

    Raises:
        TypeError: it is not a token world.
    """
    spec = getattr(venv.unwrapped, "token_spec", None)
    if not isinstance(spec, TokenSpec):
        raise TypeError(f"expected a token world, which has a token_spec; got {venv}")
    return spec


def _check(policy: TokenPolicy, venv: AnyVector, spec: TokenSpec) -> None:
    mode = venv.metadata.get("autoreset_mode")
    if mode != AutoresetMode.DISABLED:
        raise ValueError(
            "answers of different lengths are collected with auto-reset disabled: make the world "
            f"with autoreset_mode='Disabled', got {mode}"
        )
    if policy.vocab_size != spec.vocab_size or policy.eos_id != spec.eos_id:
        raise ValueError(
            f"the policy writes {policy.vocab_size} tokens with end token {policy.eos_id}, the "
            f"world reads {spec.vocab_size} with end token {spec.eos_id}"
        )


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
