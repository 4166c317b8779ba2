"""From steps to segments: a recorder that follows N rows and cuts what they do into segments."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.limits import check_range
from plaudit.envs.types import State
from plaudit.feedback.cuts import Cut
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.shots import Shot, Shots
from plaudit.feedback.timeline import Timeline, Views, copied

ENDLESS = UNTIL_RESET = 2**60  # steps, longer than any episode
NOBODY = np.zeros(0, np.int64)

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class End(NamedTuple):
    """Episodes that ended at a time.

    Attributes:
        time: of the end, steps noted by then.
        rows: (n,) whose.
        last: makes (n, ...) what they saw last, where the line shows the next episode by then.
        shots: of that, where they are kept.
    """

    time: int
    rows: Ints
    last: Callable[[], Array] | None = None
    shots: Sequence[Shot] | None = None


class SegmentRecorder(Timeline):
    """Follows N rows step by step and cuts a segment at each episode's end, or every `length`.

    `begin` notes a reset, `note` a step, and `end` that episodes ended with it. A reset in
    mid-episode is an end too: what an outer time limit stopped is not lost. Segments are cut when
    somebody looks at the pool, or when room runs out.

    Source: own design.

    Args:
        rows: N.
        length: longest segment, steps; None for whole episodes.
        pool: where segments go.
        rest: steps that a row does not play after an episode's end: 0, 1 with auto-reset in the
            next step, UNTIL_RESET without.
    """

    def __init__(self, rows: int, length: int | None, pool: SegmentPool, rest: int = 0) -> None:
        if length is not None:
            length = int(check_range("length", length, 1, inf, integer=True, unit="steps"))
        super().__init__()
        self.pool = pool
        pool.before_looking(self.look)
        self._length, self._rest = ENDLESS if length is None else length, rest
        self._whole = length is None  # a segment is an episode, which saves some bookkeeping
        self._looked = 0  # time up to which segments are cut
        self._due = self._length  # no row's segment reaches the length before this time
        self._ends: list[End] = []  # not yet looked at, in order
        self._begun = np.zeros(rows, np.int64)  # time at which a row's segment began
        self._first = np.zeros(rows, np.int64)  # the same of its episode
        self._episode = np.full(rows, -1)  # number of the row's episode, given at its first cut
        self._episodes = 0
        self._last_cut = (0, NOBODY)  # when, and whose

    @property
    def last_cut(self) -> Ints:
        """Rows whose segments the latest step completed, in the pool's order."""
        self.look()
        time, rows = self._last_cut
        return rows if time == self._looked else NOBODY

    def begin(self, obs: Array, rows: Bools, shots: Shots | None = None) -> None:
        """Rows start a new episode, which ends the one they were in.

        Args:
            obs: (N, ...) of all rows, those that play on too.
            rows: (N,) which of them start anew.
            shots: of all rows, where they are kept.
        """
        if self._size:
            self.look()
            unfinished = (rows & (self._begun < self.now)).nonzero()[0]
            if len(unfinished):
                self._cut(unfinished, self.now, None)
            self.pool.keep_last(self)
        self.see(np.asarray(obs), shots)
        self._begin_anew(rows.nonzero()[0], self.now)
        self._due = min(self._due, self.now + self._length)

    def end(
        self, rows: Ints, last: list[Any] | None = None, shots: Sequence[Shot] | None = None
    ) -> None:
        """Episodes ended with the latest step.

        Args:
            rows: (n,) whose, in their order.
            last: (n, ...) what they saw last, where the next episode has begun in the same step.
            shots: of that, where they are kept.
        """
        self._ends.append(End(self.now, rows, None if last is None else copied(last), shots))

    def look(self) -> None:
        """Move what has ended into the pool."""
        if self._looked == self.now:
            return
        if self._ends:
            for end in self._ends:
                self._cut_due(end.time - 1)
                self._cut_at(end)
            self._ends = []
        if self._due <= self.now:
            self._cut_due(self.now)
        self._looked = self.now

    def get_state(self) -> State:
        self.look()
        oldest = min(int(self._begun.min()), self.now)
        return {
            "pool": self.pool.get_state(),
            "steps": self.kept(oldest),
            "begun": self._begun - oldest,
            "first": self._first - oldest,
            "episode": self._episode.copy(),
            "episodes": self._episodes,
        }

    def set_state(self, state: State) -> None:
        self.pool.set_state(state["pool"])
        self.keep(state["steps"])
        self._looked = self.now
        self._due, self._ends, self._last_cut = self._length, [], (0, NOBODY)
        self._begun, self._first = state["begun"].copy(), state["first"].copy()
        self._episode, self._episodes = state["episode"].copy(), int(state["episodes"])

    def _oldest(self) -> int:
        self.look()
        return min(int(self._begun.min()), self.pool.oldest_step(self), self.now)

    def _cut_due(self, until: int) -> None:
        """Cut the segments that reached the length up to a time, where no episode ended."""
        while self._due <= until:
            self._cut_at(End(self._due, NOBODY))

    def _cut_at(self, end: End) -> None:
        """Cut the segments that end at a time."""
        time, ended = end.time, end.rows
        if self._rest:
            ended = ended[self._begun[ended] < time]
        rows = ended if time < self._due else self._due_rows(ended, time)
        if len(rows):
            self._cut(rows, time, self._finals_of(rows, ended, end))
            self._last_cut = time, rows
        if len(ended):
            self._begin_anew(ended, time + self._rest)

    def _finals_of(self, rows: Ints, ended: Ints, end: End) -> Views | None:
        """What `rows`, some of which have `ended`, saw last; None if the line shows it."""
        if end.last is None:
            return None
        finals = Views(end.last(), end.shots)
        if len(rows) == len(ended):
            return finals
        return self.shown(end.time, rows).but(np.searchsorted(rows, ended), finals)

    def _cut(self, rows: Ints, end: int, last: Views | None) -> None:
        """Move the segments of `rows`, which end at a time, into the pool."""
        begins = self._begun[rows]
        if self._whole:
            episodes = np.arange(self._episodes, self._episodes + len(rows))
            starts = np.zeros(len(rows), np.int64)
            self._episodes += len(rows)
        else:
            episodes, starts = self._numbers(rows), begins - self._first[rows]
        self._begun[rows] = end
        self.pool.receive(Cut(self, rows, begins, end, episodes, starts, last))

    def _numbers(self, rows: Ints) -> Ints:
        """Numbers of the episodes of `rows`, given in the order of their first cuts."""
        numbers = self._episode[rows]
        new = (numbers < 0).nonzero()[0]
        numbers[new] = np.arange(self._episodes, self._episodes + len(new))
        self._episodes += len(new)
        self._episode[rows] = numbers
        return numbers

    def _begin_anew(self, rows: Ints, time: int) -> None:
        """The next step that `rows` play, at a time, is the first of an episode."""
        self._begun[rows] = time
        if not self._whole:
            self._first[rows] = time
            self._episode[rows] = -1

    def _due_rows(self, ended: Ints, end: int) -> Ints:
        """The rows whose episodes ended or whose segments have reached the length."""
        cut = end - self._begun >= self._length
        cut[ended] = True
        self._due = int(np.where(cut, end, self._begun).min()) + self._length
        return cut.nonzero()[0]
