"""Token worlds as collectors see them: whether a policy can play, and what a step tells.

Source: own design.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from plaudit.agents.policies.base import TokenPolicy
from plaudit.envs.types import TokenSpec
from plaudit.feedback.wrappers.base import env_id, layers

AnyVector = VectorEnv[Any, Any, Any]
# Of make_vec, not of the world; which game it is, the id says.
FORM = ("autoreset_mode", "game", "num_envs", "vectorization_mode")


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
        ValueError: the world resets by itself, has a backspace or macro actions, or another
            vocabulary than the policy.
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
    if spec.backspace_id is not None or venv.single_action_space.shape:
        raise ValueError(
            "a token policy appends one token after another: the world must have no backspace and "
            f"no macro actions, got {spec} and actions {venv.single_action_space}"
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


def permitted(info: dict[str, Any], actions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(B,) whether each row's action was legal; without a mask all of them are."""
    mask = info.get("action_mask")
    if mask is None:
        return np.ones(len(actions), np.bool_)
    allowed: npt.NDArray[np.bool_] = np.asarray(mask)[np.arange(len(actions)), actions] > 0
    return allowed


def keep_last(kept: dict[str, Any], info: dict[str, Any], over: Any) -> None:
    """Copy the info of rows that are over into `kept`, so that each row's last one stays."""
    for key, value in info.items():
        if key.startswith("_"):
            continue
        if isinstance(value, dict):
            keep_last(kept.setdefault(key, {}), value, over)
        elif isinstance(value, np.ndarray):
            target = kept.setdefault(key, np.zeros_like(value))
            target[over] = value[over]
