"""Spaces whose members are integers, each with a least value and a number of values."""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def integers(space: gym.Space[Any]) -> tuple[Counts, Counts] | None:
    """Least value and number of values of each integer, or None where a space has no integers.

    Args:
        space: of one row.
    """
    if isinstance(space, gym.spaces.Discrete):
        return np.array([int(space.start)]), np.array([int(space.n)])
    if isinstance(space, gym.spaces.MultiDiscrete):
        return space.start.reshape(-1).astype(np.int64), space.nvec.reshape(-1).astype(np.int64)
    if isinstance(space, gym.spaces.MultiBinary):
        size = math.prod(space.shape)
        return np.zeros(size, np.int64), np.full(size, 2)
    if isinstance(space, gym.spaces.Box) and np.issubdtype(space.dtype, np.integer):
        # as exact integers: high - low may not fit into the space's own type
        low, high = (np.asarray(b, object).reshape(-1) for b in (space.low, space.high))
        counts = [min(int(h) - int(b) + 1, 1 << 40) for b, h in zip(low, high, strict=True)]
        return low.astype(np.int64), np.array(counts)
    return None
