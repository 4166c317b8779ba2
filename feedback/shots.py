"""Shots: what is privileged about one row at one time, beside what it saw."""

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.types import Segment


class Shot(NamedTuple):
    """What is privileged about one row at one time.

    Attributes:
        state: of the world, as its single form's `get_state` gives it.
        frame: (height, width, 3) uint8, a picture.
    """

    state: State | None = None
    frame: npt.NDArray[np.uint8] | None = None


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
