"""What N rows saw, did and were paid, step by step, and the stretches cut out of that.

Noting a step is four writes into arrays, for all rows together. A stretch of one row is copied out
only when somebody looks at it, which happens to few of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.shots import Shot, Shots, frames_of, shots_from, shots_state, states_of
from plaudit.feedback.types import Segment, SegmentRef

FIRST_SIZE = 16  # times that there is room for at the beginning

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Views(NamedTuple):
    """What n rows saw.

    Attributes:
        obs: (n, ...).
        shots: what is privileged about that, n, if that is kept.
    """

    obs: Array
    shots: Sequence[Shot] | None = None

    def of(self, rows: Ints) -> "Views":
        """What some of them saw, copied."""
        return Views(self.obs.take(rows, 0), self.shots and [self.shots[row] for row in rows.tolist()])


class Stretch(NamedTuple):
    """S steps of one row, or of N: (S, ...) or (S, N, ...) arrays, copied.

    Attributes:
        obs: seen before each step.
        actions: done.
        rewards: truly paid.
        shots: what is privileged about the times of `obs`, if that is kept.
    """

    obs: Array
    actions: Array
    rewards: Array
    shots: list[Any] | None


class Timeline:
    """The latest steps of N rows: a ring of times, which grows when it must.

    Args:
        obs: (N, ...) what is seen at time 0.
        shots: of that, where they are kept.
        size: times there is room for.

    Attributes:
        now: the time, steps noted so far.
        limit: the time at which `make_room` must be called before another step is noted.
    """

    def __init__(self, obs: Array, shots: Shots | None = None, size: int = FIRST_SIZE) -> None:
        self.now = 0
        self.limit = size - 1
        self._size = size
        self._obs = np.empty((size, *obs.shape), obs.dtype)
        self._actions = np.empty(size, np.void(1).dtype)  # their shape is known with the first
        self._rewards = np.empty((size, len(obs)))
        self._over = np.empty((size, len(obs)), np.bool_)
        self._shots: list[Any] | None = None if shots is None else [None] * size
        self.see(obs, shots)

    @classmethod
    def of(cls, obs: Array, actions: Array, rewards: Array, shots: Sequence[Any]) -> "Timeline":
        """That of steps which are there already: S + 1 observations and shots, S of the others."""
        line = cls(obs[0], shots[0], size=max(len(obs), FIRST_SIZE))
        for step in range(len(rewards)):
            line.note(actions[step], rewards[step], False, obs[step + 1], shots[step + 1])
        return line

    def note(
        self, actions: Array, rewards: Any, over: Any, obs: Array, shots: Shots | None = None
    ) -> None:
        """Note a step of all rows.

        Args:
            actions: (N, ...) of this step.
            rewards: (N,) true rewards of it.
            over: (N,) whether the episode is over.
            obs: (N, ...) what is seen then.
            shots: of that, where they are kept.
        """
        if actions.dtype != self._actions.dtype:
            self._actions = _wide_enough(self._actions, actions)
        place = self.now % self._size
        self._actions[place] = actions
        self._rewards[place] = rewards
        self._over[place] = over
        self.now += 1
        self.see(obs, shots)

    def see(self, obs: Array, shots: Shots | None = None) -> None:
        """Note what is seen now, (N, ...), in place of what was noted."""
        if obs.dtype != self._obs.dtype:
            self._obs = _wide_enough(self._obs, obs)
        place = self.now % self._size
        self._obs[place] = obs
        if self._shots is not None:
            self._shots[place] = shots

    def make_room(self, oldest: int) -> None:
        """Let go of the steps before a time; what remains fills half of the room at most."""
        while 2 * (self.now - oldest) > self._size:
            self._double(oldest)
        self.limit = oldest + self._size - 1

    def over(self, step: int) -> Bools:
        """(N,) whether the episode was over after a step."""
        over: Bools = self._over[step % self._size]
        return over

    def shown(self, time: int, rows: Ints) -> "Views":
        """What some rows saw at a time, copied."""
        place = time % self._size
        shots = None if self._shots is None else [self._shots[place][row] for row in rows.tolist()]
        return Views(self._obs[place, rows], shots)

    def stretch(self, begin: int, end: int, row: int | None = None) -> Stretch:
        """Steps [begin, end) of a row, or of all."""
        places = self._places(begin, end)
        rows: Any = slice(None) if row is None else row
        shots: Any = None
        if self._shots is not None:
            shots = [self._shots[place][rows] for place in places.tolist()]
        return Stretch(
            self._obs[places, rows],
            self._actions[places, rows] if len(places) else np.empty(0),
            self._rewards[places, rows],
            shots,
        )

    def get_state(self, oldest: int) -> State:
        """The steps since a time, which becomes 0; a fresh copy."""
        obs, actions, rewards, shots = self.stretch(oldest, self.now)
        now = self.now % self._size
        if shots is not None and self._shots is not None:
            shots = [shots_state(of_rows) for of_rows in [*shots, self._shots[now]]]
        obs = np.concatenate([obs, self._obs[now : now + 1]])
        return {"obs": obs, "actions": actions, "rewards": rewards, "shots": shots}

    @classmethod
    def from_state(cls, state: State) -> "Timeline":
        """The timeline of which this is the state."""
        nothing = [None] * len(state["obs"])
        shots = nothing if state["shots"] is None else list(map(shots_from, state["shots"]))
        return cls.of(state["obs"], state["actions"], state["rewards"], shots)

    def _places(self, begin: int, end: int) -> Ints:
        return np.arange(begin, end) % self._size

    def _double(self, oldest: int) -> None:
        times = np.arange(oldest, self.now + 1)
        old, new = times % self._size, times % (2 * self._size)
        for name in ("_obs", "_actions", "_rewards", "_over"):
            ring = getattr(self, name)
            wider = np.empty((2 * self._size, *ring.shape[1:]), ring.dtype)
            wider[new] = ring[old]
            setattr(self, name, wider)
        if self._shots is not None:
            held = [self._shots[place] for place in old.tolist()]
            self._shots = [None] * (2 * self._size)
            for place, shots in zip(new.tolist(), held, strict=True):
                self._shots[place] = shots
        self._size *= 2


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
    """

    line: Timeline
    rows: Ints
    begins: Ints
    ends: Ints | int
    episodes: Ints
    starts: Ints
    last: Views | None = None

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
    return Cut(line, rows, np.zeros(count, np.int64), ends, episodes.copy(), starts.copy(), last)


def _wide_enough(ring: Array, values: Array) -> Array:
    """The ring itself, or one of a type that holds the values too, e.g. longer strings."""
    if ring.dtype.kind == "V":
        return np.empty((len(ring), *values.shape), values.dtype)
    dtype = np.result_type(ring.dtype, values.dtype)
    return ring if dtype == ring.dtype else ring.astype(dtype)
