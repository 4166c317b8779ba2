"""Segments that lie in a timeline, and are put together when somebody looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.feedback.shots import Shot, conversation, frames_of, states_of
from plaudit.feedback.timeline import Timeline, Views
from plaudit.feedback.types import Segment, SegmentRef

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Cut:
    """n stretches of a timeline.

    Attributes:
        line: holds their steps.
        rows: (n,) whose they are.
        begins: (n,) time of the first step of each.
        ends: time after the last one, of each, (n,), or of all.
        episodes: (n,) number of the episode each is part of.
        starts: (n,) the step of that episode it begins at.
        last: what each saw after its last step, where the line has it no longer.
        texts: of each in words, where that is known already.
    """

    line: Timeline
    rows: Ints
    begins: Ints
    ends: Ints | int
    episodes: Ints
    starts: Ints
    last: Views | None = None
    texts: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def segment(self, place: int, env_id: str) -> Segment:
        """One of them, copied out, with all that is privileged."""
        row, begin, start = (int(of[place]) for of in (self.rows, self.begins, self.starts))
        end = self.ends if isinstance(self.ends, int) else int(self.ends[place])
        steps, last, own = self.line.stretch(begin, end, row), self.last, place
        if last is None:
            last, own = self.line.shown(end, self.rows[place : place + 1]), 0
        shots = [*steps.shots, last.shots[own]] if steps.shots and last.shots else []
        return Segment(
            np.concatenate([steps.obs, last.obs[own : own + 1]]),
            steps.actions,
            SegmentRef(env_id, int(self.episodes[place]), start, start + end - begin),
            text=conversation(shots) if self.texts is None else self.texts[place],
            rewards=steps.rewards,
            states=states_of(shots),
            frames=frames_of(shots),
        )


def cut_of(
    obs: Array,
    actions: Array,
    rewards: Array,
    episodes: Ints,
    starts: Ints,
    lengths: Ints | None = None,
    shots: Sequence[Sequence[Shot]] | None = None,
    texts: Sequence[str | None] | None = None,
) -> Cut:
    """Segments that are there already, as a cut of a timeline of their own.

    Args:
        obs: (n, T + 1, ...) observations, the one after the last action included.
        actions: (n, T, ...).
        rewards: (n, T) true rewards.
        episodes: (n,) number of the episode each was cut from.
        starts: (n,) the step of that episode it begins at.
        lengths: (n,) steps of each; None if all have T.
        shots: of each segment, one more than its steps, if they are kept.
        texts: of each segment, if they are known.
    """
    count, steps = rewards.shape
    rows = np.arange(count)
    ends = np.full(count, steps) if lengths is None else np.array(lengths)
    times = range(steps + 1)
    by_time: list[Any] = [None for _ in times]
    if shots is not None:
        by_time = [tuple(own[min(time, len(own) - 1)] for own in shots) for time in times]
    line = Timeline.of(obs.swapaxes(0, 1), actions.swapaxes(0, 1), rewards.T, by_time)
    last = Views(obs[rows, ends], None if shots is None else [own[-1] for own in shots])
    begins, starts, episodes = np.zeros(count, np.int64), starts.copy(), episodes.copy()
    return Cut(line, rows, begins, ends, episodes, starts, last, texts)
