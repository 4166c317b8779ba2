"""What somebody said, in the observation: as words beside it, or as numbers behind it."""

from collections.abc import Sequence
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.text import UnicodeText

TEXT_LIMIT = 2000  # characters of an instruction, or of what is said at once

Show = Literal["words", "slots"]
Ints = npt.NDArray[np.int64]


class SpokenObservation:
    """Puts an instruction and feedback into observations.

    "words" makes a Dict of "observation", "instruction" and "feedback"; "slots" writes the numbers
    of the feedback behind a flat observation of numbers.

    Args:
        space: of one row's observations.
        show: how; None leaves observations as they are.
        sizes: how many values each number of the feedback has.

    Raises:
        ValueError: an unknown `show`.
        TypeError: numbers can't be written behind such observations.
    """

    def __init__(self, space: gym.Space[Any], show: Show | None, sizes: Sequence[int]) -> None:
        if show not in (None, "words", "slots"):
            raise ValueError(f"in_observation must be None, 'words' or 'slots', got {show!r}")
        self._show = show
        self.space = space
        if show == "words":
            text = UnicodeText(TEXT_LIMIT)
            parts = {"observation": space, "instruction": text, "feedback": text}
            self.space = gym.spaces.Dict(parts)
        elif show == "slots":
            self.space = _longer(space, np.array(sizes))

    def row(self, obs: Any, instruction: str, words: str, cells: Ints) -> Any:
        """One row's observation with what was said, `cells` (4,)."""
        if self._show == "words":
            return {"observation": obs, "instruction": instruction, "feedback": words}
        if self._show == "slots":
            return np.concatenate([np.ravel(obs), cells]).astype(self.space.dtype)
        return obs

    def rows(self, obs: Any, instructions: Sequence[str], words: Sequence[str], cells: Ints) -> Any:
        """The observations (N, ...) of N rows with what was said, `cells` (N, 4)."""
        if self._show == "words":
            texts = {"instruction": tuple(instructions), "feedback": tuple(words)}
            return {"observation": obs, **texts}
        if self._show == "slots":
            flat = np.reshape(obs, (len(cells), -1))
            return np.concatenate([flat, cells], axis=1).astype(self.space.dtype)
        return obs


def _longer(space: gym.Space[Any], sizes: Ints) -> gym.Space[Any]:
    """A flat space of numbers with more of them behind."""
    zeros = np.zeros(len(sizes), np.int64)
    if isinstance(space, gym.spaces.Discrete):
        start = np.append(int(space.start), zeros)
        return gym.spaces.MultiDiscrete(np.append(int(space.n), sizes), start=start)
    if isinstance(space, gym.spaces.MultiDiscrete) and space.nvec.ndim == 1:
        start, dtype = np.append(space.start, zeros), space.dtype
        return gym.spaces.MultiDiscrete(np.append(space.nvec, sizes), dtype=dtype, start=start)
    if isinstance(space, gym.spaces.Box) and len(space.shape) == 1:
        dtype = np.result_type(space.dtype, np.int16)
        low, high = np.append(space.low, zeros), np.append(space.high, sizes - 1)
        return gym.spaces.Box(low.astype(dtype), high.astype(dtype), dtype=dtype.type)
    raise TypeError(
        f"in_observation='slots' needs flat observations of numbers, got {space}; "
        "gymnasium.wrappers.FlattenObservation makes many others flat, or use 'words'"
    )
