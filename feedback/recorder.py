"""From steps to segments: a recorder that follows N rows and cuts what they do into segments."""

from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.shots import Shots
from plaudit.feedback.timeline import Cut, Timeline, Views

ENDLESS = UNTIL_RESET = 2**60  # steps, longer than any episode
NOBODY = np.zeros(0, np.int64)

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class SegmentRecorder:
    """Follows N rows step by step and cuts a segment at each episode's end, or every `length`.

    A reset in mid-episode is an end too: what an outer time limit stopped is not lost. Steps are
    only noted; segments are cut when somebody looks at the pool, or when room runs out.

    Source: own design.

    Args:
        rows: N.
        length: longest segment, steps; None for whole episodes.
        pool: where segments go.
        rest: steps that a row does not play after an episode's end: 0, 1 with auto-reset in the
            next step, UNTIL_RESET without.
    """

    def __init__(self, rows: int, length: int | None, pool: SegmentPool, rest: int = 0) -> None:
        if length is not None and length < 1:
            raise ValueError(f"length must be at least 1 step, got {length}")
        self.pool = pool
        pool.before_looking(self.look)
        self._length, self._rest = ENDLESS if length is None else length, rest
        self._whole = length is None  # a segment is an episode, which saves some bookkeeping
        self._line: Timeline | None = None
        self._looked = 0  # time up to which segments are cut
        self._due = self._length  # no row's segment reaches the length before this time
        self._finals: dict[int, Views] = {}  # (N, ...) seen before an auto-reset, by time
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
        line = self._line
        if line is None:
            self._line = Timeline(np.asarray(obs), shots)
            return
        self.look()
        unfinished = (rows & (self._begun < line.now)).nonzero()[0]
        if len(unfinished):
            self._cut(line, unfinished, line.now, None)
        self.pool.keep_last(line)
        line.see(np.asarray(obs), shots)
        self._begin_anew(rows.nonzero()[0], line.now)
        self._due = min(self._due, line.now + self._length)

    def add(
        self,
        actions: Any,
        rewards: Any,
        after: Array,
        shown: Array,
        over: Bools,
        shots: tuple[Shots, Shots] | None = None,
    ) -> None:
        """Note one step of all rows.

        Args:
            actions: (N, ...) of this step.
            rewards: (N,) true rewards of this step.
            after: (N, ...) observation the step led to (the final one where an episode ended).
            shown: (N, ...) observation returned, the new episode's where there was an auto-reset;
                `after` itself if there was none.
            over: (N,) the episode is over.
            shots: those of `after` and of `shown`, where they are kept.
        """
        line = self._line
        if line is None:
            raise RuntimeError("step was called before the first reset")
        if line.now == line.limit:
            self.look()
            line.make_room(min(int(self._begun.min()), self.pool.oldest_step(line), line.now))
        line.note(np.asarray(actions), rewards, over, np.asarray(shown), shots and shots[1])
        if after is not shown:
            self._finals[line.now] = Views(after, shots and shots[0])

    def look(self) -> None:
        """Move what has ended into the pool."""
        line = self._line
        if line is None:
            return
        for step in range(self._looked, line.now):
            over = line.over(step)
            if np.count_nonzero(over) or step + 1 >= self._due:
                self._cut_after(line, step, over)
        self._looked = line.now
        self._finals.clear()

    def get_state(self) -> State:
        self.look()
        line = self._line
        oldest = 0 if line is None else min(int(self._begun.min()), line.now)
        return {
            "pool": self.pool.get_state(),
            "steps": None if line is None else line.get_state(oldest),
            "begun": self._begun - oldest,
            "first": self._first - oldest,
            "episode": self._episode.copy(),
            "episodes": self._episodes,
        }

    def set_state(self, state: State) -> None:
        self.pool.set_state(state["pool"])
        self._line = None if state["steps"] is None else Timeline.from_state(state["steps"])
        self._looked = 0 if self._line is None else self._line.now
        self._due, self._finals, self._last_cut = self._length, {}, (0, NOBODY)
        self._begun, self._first = state["begun"].copy(), state["first"].copy()
        self._episode, self._episodes = state["episode"].copy(), int(state["episodes"])

    def _cut_after(self, line: Timeline, step: int, over: Bools) -> None:
        """Cut the segments that end with a step."""
        end, ended = step + 1, over.nonzero()[0]
        if self._rest:
            ended = ended[self._begun[ended] <= step]
        rows = ended if end < self._due else self._due_rows(ended, end)
        final = self._finals.pop(end, None)
        if len(rows):
            self._cut(line, rows, end, final and final.of(rows))
            self._last_cut = end, rows
        if len(ended):
            self._begin_anew(ended, end + self._rest)

    def _cut(self, line: Timeline, rows: Ints, end: int, last: Views | None) -> None:
        """Move the segments of `rows`, which end at a time, into the pool."""
        begins = self._begun[rows]
        if self._whole:
            episodes = np.arange(self._episodes, self._episodes + len(rows))
            starts = np.zeros(len(rows), np.int64)
            self._episodes += len(rows)
        else:
            episodes, starts = self._numbers(rows), begins - self._first[rows]
        self._begun[rows] = end
        self.pool.receive(Cut(line, rows, begins, end, episodes, starts, last))

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
