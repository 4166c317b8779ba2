"""Counted actions, and which of them are legal."""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt


def discrete_actions(name: str, space: gym.Space[Any]) -> tuple[int, int]:
    """How many actions there are, and the first of them.

    Args:
        name: of the wrapper that needs to know, for the message.
        space: of one row's actions.

    Raises:
        TypeError: they are not counted.
    """
    if not isinstance(space, gym.spaces.Discrete) or space.start < 0:
        raise TypeError(f"{name} needs Discrete actions, counted from 0 or above, got {space}")
    return int(space.n), int(space.start)


def legal_actions(info: dict[str, Any], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(N, A) True where an action is legal.

    Args:
        info: of N rows, or of a single environment, N = 1; without a mask all are legal.
        shape: N, A.
    """
    mask = info.get("action_mask")
    if mask is None:
        return np.ones(shape, np.bool_)
    legal = np.array(np.broadcast_to(mask, shape), np.bool_)
    legal[~np.broadcast_to(info.get("_action_mask", True), shape[:1])] = True
    return legal
