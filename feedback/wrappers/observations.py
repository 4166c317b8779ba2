"""What of a space's values is numbers, as one array: the one rule by which feedback is recorded.

Source: own design.
"""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.text import UnicodeText

Array = npt.NDArray[Any]
Path = tuple[str | int, ...]
Numeric = (gym.spaces.Box, gym.spaces.Discrete, gym.spaces.MultiDiscrete, gym.spaces.MultiBinary)

MASK = "action_mask"  # beside an "observation", as PettingZoo has it


class Numbers:
    """Reads observations or actions of a space as arrays of numbers.

    Arrays and single numbers are read as they are. Of a Dict or Tuple, also of nested ones, words
    are left out, and an action mask beside an "observation"; what remains is read as it is where it
    is one array, and else laid out flat, in the order of the space. Words alone are no numbers.

    Source: own design.

    Args:
        space: of one row.
        count: N, rows of a batch.

    Attributes:
        shape: of what `one` returns.
        one: a value of the space -> array.
        rows: a batch of N values, as vector forms have them -> (N, ...).

    Raises:
        TypeError: a part of the space is neither numbers nor words.
    """

    def __init__(self, space: gym.Space[Any], count: int = 1) -> None:
        self._count = count
        leaves = dict(_leaves(space))
        self._paths = [path for path, leaf in leaves.items() if isinstance(leaf, Numeric)]
        shapes = [tuple(leaves[path].shape or ()) for path in self._paths]
        flat = (sum(int(np.prod(shape)) for shape in shapes),)
        self.shape: tuple[int, ...] = shapes[0] if len(shapes) == 1 else flat
        self.plain = () in self._paths  # nothing to take apart, which saves time at every step
        self.one = np.asarray if self.plain else self._one
        self.rows = np.asarray if self.plain else self._rows

    def _one(self, value: Any) -> Array:
        parts = [np.asarray(_at(value, path)) for path in self._paths]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([part.ravel() for part in parts]) if parts else np.zeros(0)

    def _rows(self, values: Any) -> Array:
        parts = [np.asarray(_at(values, path)) for path in self._paths]
        if len(parts) == 1:
            return parts[0]
        flat = [part.reshape(self._count, -1) for part in parts]
        return np.concatenate(flat, axis=1) if flat else np.zeros((self._count, 0))


def shows_words(space: gym.Space[Any]) -> bool:
    """Whether the values of a space are words.

    Args:
        space: any.
    """
    # MiniGrid has a space of its own for the words of its missions.
    return isinstance(space, UnicodeText) or (space.dtype is not None and space.dtype.kind == "U")


def _leaves(space: gym.Space[Any], path: Path = ()) -> Iterator[tuple[Path, gym.Space[Any]]]:
    """The parts of a space that are numbers or words, and the keys that lead to them."""
    if isinstance(space, gym.spaces.Dict):
        hidden = MASK if "observation" in space.spaces else None
        for key, part in space.spaces.items():
            if key != hidden:
                yield from _leaves(part, (*path, key))
    elif isinstance(space, gym.spaces.Tuple):
        for place, part in enumerate(space.spaces):
            yield from _leaves(part, (*path, place))
    elif isinstance(space, Numeric) or shows_words(space):
        yield path, space
    else:
        raise TypeError(
            "feedback needs numbers (Box, Discrete, MultiDiscrete, MultiBinary), words, or a Dict "
            f"or Tuple of them, got {space}"
        )


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
