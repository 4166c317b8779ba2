"""Shots: what is kept of one row at one time beside numbers: what is privileged, and words."""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.types import Segment


class Shot(NamedTuple):
    """What is kept of one row at one time: the world's state, a picture, and words.

    Attributes:
        state: of the world, as its single form's `get_state` gives it.
        frame: (height, width, 3) uint8, a picture.
        said: words with which the row came here, in a world of words.
        read: words that it read then; None where the world shows something else.
    """

    state: State | None = None
    frame: npt.NDArray[np.uint8] | None = None
    said: str = ""
    read: str | None = None


Shots = tuple[Shot, ...]
"""One per row."""


def shots_of(segment: Segment) -> Shots | None:
    """What is privileged about the times of a segment, if that was kept."""
    nothing = [None] * len(segment.obs)
    states, frames = segment.states, segment.frames
    if states is None and frames is None:
        return None
    pairs = zip(
        nothing if states is None else states, nothing if frames is None else frames, strict=True
    )
    return tuple(Shot(state, frame) for state, frame in pairs)


def shots_state(shots: Shots) -> list[State]:
    """Shots as they are saved; a fresh copy."""
    return [deepcopy(shot._asdict()) for shot in shots]


def shots_from(state: list[State]) -> Shots:
    """The shots that `shots_state` saved."""
    return tuple(Shot(**deepcopy(fields)) for fields in state)


def states_of(shots: Sequence[Shot]) -> tuple[State, ...] | None:
    """The states of n shots, copied; None if none were kept."""
    states = tuple(deepcopy(shot.state) for shot in shots if shot.state is not None)
    return states or None


def frames_of(shots: Sequence[Shot]) -> npt.NDArray[np.uint8] | None:
    """(n, height, width, 3) the pictures of n shots; None if none were taken."""
    frames = [shot.frame for shot in shots if shot.frame is not None]
    return np.array(frames) if frames else None


def conversation(shots: Sequence[Shot]) -> str | None:
    """What was read and said in n shots, in order; None in a world without words."""
    reads = [shot.read for shot in shots if shot.read is not None]
    return talk(reads, [shot.said for shot in shots]) if reads else None


def talk(reads: Sequence[str], said: Sequence[str]) -> str:
    """What was read and said, line by line; of what is read again and again, only what is new.

    Args:
        reads: what was read at each time.
        said: just before it, behind a ">"; the first of these is left out.
    """
    lines = [reads[0]]
    for before, words, text in zip(reads, said[1:], reads[1:], strict=False):
        lines += [f"> {words}", _news(text, before, words)]
    return "\n".join(filter(None, lines))


def _news(text: str, before: str, said: str) -> str:
    """What stands in a text and did not in the one before, nor was it just said."""
    if text.startswith(before):
        return text[len(before) :].strip().removeprefix(said.strip()).strip()
    known = Counter(before.splitlines())
    new = Counter(text.splitlines()) - known
    return "\n".join(line for line in text.splitlines() if line in new)
