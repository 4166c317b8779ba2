"""Features that are on or off: a few of very many are on, and what is linear in them is a sum.

| kind | features | on |
|---|---|---|
| table | each combination of values of a space of integers | 1 |
| one_hot | each value of each integer | one per integer |
| tiles | each cell of several shifted grids over a box of floats | one per grid |

With "table" a linear function is a table: exact, and without generalisation.

Source: own design; tiles as Albus 1975, doi:10.1115/1.3426922 (CMAC).
"""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.agents.policies.integer_spaces import integers
from plaudit.envs import limits

KINDS = ("auto", "table", "one_hot", "tiles")
MAX_TABLE = 1 << 16  # combinations up to which "auto" makes a table
MAX_FEATURES = 1 << 22

Ints = npt.NDArray[np.int64]


class FeatureMap:
    """Which features of an observation are on.

    Args:
        space: of one row: Discrete, MultiDiscrete, MultiBinary or a Box.
        kind: see the module; "auto" is a table of few combinations, else one_hot, and tiles for
            floats.
        tilings: grids of "tiles".
        cells: of each axis of a grid.

    Attributes:
        size: number of features.
        active: how many of them are on at once.

    Raises:
        TypeError: the space holds something else than numbers.
        ValueError: the kind does not fit the space, a box has no bounds, or there are too many
            features.

    Source: own design; tiles as doi:10.1115/1.3426922.
    """

    def __init__(
        self, space: gym.Space[Any], kind: str = "auto", *, tilings: int = 8, cells: int = 8
    ) -> None:
        limits.check_choice("features", kind, KINDS)
        numbers = integers(space)
        if numbers is None and not isinstance(space, gym.spaces.Box):
            raise TypeError(f"features are made of numbers, got {space}")
        if kind == "auto":
            kind = _fitting(numbers)
        if (numbers is None) != (kind == "tiles"):
            raise ValueError(f"features {kind!r} do not fit {space}; use 'auto'")
        self.kind = kind
        if numbers is None:
            self._tile(space, tilings, cells)
            return
        self._low, counts = numbers
        self._high = self._low + counts - 1
        self.active = 1 if kind == "table" else len(counts)
        if kind == "table":
            self.size = math.prod(counts.tolist())
            steps = np.cumprod(counts[::-1].astype(object))[::-1]
            self._strides = np.array([*steps[1:], 1], np.float64).astype(np.int64)
        else:
            self.size = int(counts.sum())
            self._begins = np.cumsum(counts) - counts
        _check_size(self.size, space)

    def read(self, obs: Any) -> Ints:
        """Observations (N, ...) to the numbers of the features that are on, (N, active).

        Raises:
            ValueError: an integer is outside of its space.
        """
        numbers = np.asarray(obs).reshape(len(obs), -1)
        if self.kind == "tiles":
            return self._tiles_of(numbers)
        whole = numbers.astype(np.int64)
        if ((whole < self._low) | (whole > self._high)).any():
            raise ValueError(f"observations are outside of their space: {whole.tolist()[:3]} ...")
        places = whole - self._low
        if self.kind == "table":
            cell: Ints = (places * self._strides).sum(1, keepdims=True)
            return cell
        found: Ints = places + self._begins
        return found

    def _tile(self, space: Any, tilings: int, cells: int) -> None:
        limits.check_range("tilings", tilings, 1, np.inf, integer=True)
        limits.check_range("cells", cells, 1, np.inf, integer=True)
        self._floor = space.low.reshape(-1).astype(np.float64)
        self._span = space.high.reshape(-1).astype(np.float64) - self._floor
        if not np.isfinite(self._span).all():
            raise ValueError(f"tiles need a box with finite bounds, got {space}")
        self._cells, self.active = cells, tilings
        self.size = tilings * (cells + 1) ** len(self._span)
        _check_size(self.size, space)
        # Grids are shifted along odd numbers, so that the edges of no two of them meet.
        odd = 2 * np.arange(len(self._span)) + 1
        self._shifts = (np.arange(tilings)[:, None] * odd / tilings) % 1.0

    def _tiles_of(self, numbers: npt.NDArray[Any]) -> Ints:
        span = np.where(self._span > 0, self._span, 1.0)
        share = np.clip((numbers - self._floor) / span, 0.0, 1.0)
        places = np.floor(share[:, None] * self._cells + self._shifts).astype(np.int64)
        places = np.minimum(places, self._cells)
        strides = (self._cells + 1) ** np.arange(places.shape[2])
        grid = (self._cells + 1) ** places.shape[2]
        found: Ints = (places * strides).sum(2) + np.arange(self.active) * grid
        return found


def _fitting(whole: tuple[Ints, Ints] | None) -> str:
    if whole is None:
        return "tiles"
    return "table" if math.prod(whole[1].tolist()) <= MAX_TABLE else "one_hot"


def _check_size(size: int, space: gym.Space[Any]) -> None:
    if not 0 < size <= MAX_FEATURES:
        raise ValueError(f"{space} has {size} features of this kind; at most {MAX_FEATURES} fit")
