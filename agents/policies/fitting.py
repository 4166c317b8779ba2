"""What a policy must know of the world that it is made for, read off the world."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np


def fitting(kind: Callable[..., Any], env: Any) -> dict[str, Any]:
    """The settings of a policy that a world determines.

    Args:
        kind: the policy's class or function; what is read depends on the arguments it takes.
        env: a single or a vector environment, wrapped or not.

    Returns:
        `observation_space` and `action_space` of one row; `env` itself, where the policy reads
        it; or, for policies over tokens, `vocab_size`, `symbols`, `pad_id`, `eos_id` and a
        `context` as long as the window.

    Raises:
        TypeError: the policy takes neither, or the world has no tokens.

    Source: own design.
    """
    takes = inspect.signature(kind).parameters
    if "env" in takes:
        return {"env": env}
    observation = getattr(env, "single_observation_space", env.observation_space)
    if "observation_space" in takes:
        action = getattr(env, "single_action_space", env.action_space)
        return {"observation_space": observation, "action_space": action}
    if "vocab_size" not in takes:
        raise TypeError(f"{kind.__name__} brings its own sizes: make it without env")
    spec = getattr(env.unwrapped, "token_spec", None)
    if spec is None:
        raise TypeError(f"a {kind.__name__} writes tokens, which {env} does not have")
    found = {
        "vocab_size": spec.vocab_size,
        "symbols": max(spec.vocab_size, spec.pad_id),  # words that are only ever read
        "pad_id": spec.pad_id,
        "eos_id": spec.eos_id,
        "context": int(np.prod(observation.shape)),
    }
    return {name: value for name, value in found.items() if name in takes}
