"""What N rows saw, did and were paid, step by step.

Noting a step is three writes into arrays, for all rows together. A stretch of one row is copied
out only when somebody looks at it, which happens to few of them.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.shots import Shot, Shots, shots_from, shots_state

FIRST_SIZE = 16  # times that there is room for at the beginning
NOTHING = np.void(1).dtype  # of an array whose kind is not known yet
OBJECT = np.dtype(object)

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class Views(NamedTuple):
    """What n rows saw.

    Attributes:
        obs: (n, ...).
        shots: what is privileged about that, n, if that is kept.
    """

    obs: Array
    shots: Sequence[Shot] | None = None

    def but(self, places: Ints, others: "Views") -> "Views":
        """The same, but at some places what others saw."""
        obs, shots = self.obs.copy(), None
        obs[places] = others.obs
        if self.shots is not None and others.shots is not None:
            shots = list(self.shots)
            for place, shot in zip(places.tolist(), others.shots, strict=True):
                shots[place] = shot
        return Views(obs, shots)


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

    Source: own design.

    Attributes:
        now: the time, steps noted so far.
    """

    def __init__(self) -> None:
        self.now = 0
        self._limit = 0  # the time at which there is no room for another step
        self._size = 0
        # What these hold is known with the first reset and the first step.
        self._obs: Array = np.empty(0, NOTHING)
        self._actions: Array = np.empty(0, NOTHING)
        self._rewards: Array = np.empty(0)
        self._shots: list[Any] | None = None

    @classmethod
    def of(cls, obs: Array, actions: Array, rewards: Array, shots: Sequence[Any]) -> "Timeline":
        """That of steps which are there already: S + 1 observations and shots, S of the others."""
        line = cls()
        line.fill(obs, actions, rewards, shots)
        return line

    def fill(self, obs: Array, actions: Array, rewards: Array, shots: Sequence[Any]) -> None:
        """Start from steps which are there already, as `of`, instead of what is held."""
        self.now = 0
        self._allocate(obs[0], shots[0], size=max(len(obs), FIRST_SIZE))
        for step in range(len(rewards)):
            self.note(actions[step], rewards[step], obs[step + 1], shots[step + 1])

    def note(self, actions: Array, rewards: Any, obs: Array, shots: Shots | None = None) -> None:
        """Note a step of all rows.

        Args:
            actions: (N, ...) of this step.
            rewards: (N,) true rewards of it.
            obs: (N, ...) seen now; of the new episode, where one has begun in the same step.
            shots: of that, where they are kept.

        Raises:
            RuntimeError: nothing was seen before.
        """
        now, size = self.now, self._size
        if now == self._limit:
            self._make_room(self._oldest())
            size = self._size
        if actions.dtype != self._actions.dtype:
            self._actions = _wide_enough(self._actions, actions)
        if obs.dtype != self._obs.dtype:
            self._obs = _wide_enough(self._obs, obs)
        place, then = now % size, (now + 1) % size
        self._actions[place] = actions
        self._rewards[place] = rewards
        self._obs[then] = obs
        if self._shots is not None:
            self._shots[then] = shots
        self.now = now + 1

    def see(self, obs: Array, shots: Shots | None = None) -> None:
        """Note what is seen now, (N, ...), in place of what was noted."""
        if not self._size:
            self._allocate(obs, shots, FIRST_SIZE)
        if obs.dtype != self._obs.dtype:
            self._obs = _wide_enough(self._obs, obs)
        place = self.now % self._size
        self._obs[place] = obs
        if self._shots is not None:
            self._shots[place] = shots

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

    def kept(self, oldest: int) -> State | None:
        """The steps since a time, which becomes 0, to be saved; a fresh copy."""
        if not self._size:
            return None
        obs, actions, rewards, shots = self.stretch(oldest, self.now)
        now = self.now % self._size
        if shots is not None and self._shots is not None:
            shots = [shots_state(of_rows) for of_rows in [*shots, self._shots[now]]]
        obs = np.concatenate([obs, self._obs[now : now + 1]])
        return {"obs": obs, "actions": actions, "rewards": rewards, "shots": shots}

    def keep(self, state: State | None) -> None:
        """Go back to the steps that `kept` gave."""
        if state is None:
            Timeline.__init__(self)
            return
        nothing = [None] * len(state["obs"])
        shots = nothing if state["shots"] is None else list(map(shots_from, state["shots"]))
        self.fill(state["obs"], state["actions"], state["rewards"], shots)

    def _oldest(self) -> int:
        """The time of the oldest step that is still needed."""
        return 0

    def _allocate(self, obs: Array, shots: Shots | None, size: int) -> None:
        self._size, self._limit = size, size - 1
        self._obs = np.empty((size, *obs.shape), obs.dtype)
        self._actions = np.empty(size, NOTHING)
        self._rewards = np.empty((size, len(obs)))
        self._shots = None if shots is None else [None] * size
        self.see(obs, shots)

    def _make_room(self, oldest: int) -> None:
        """Let go of the steps before a time; what remains fills 3/4 of the room at most."""
        if not self._size:
            raise RuntimeError("step was called before the first reset")
        while 4 * (self.now - oldest) > 3 * self._size:
            self._double(oldest)
        self._limit = oldest + self._size - 1

    def _places(self, begin: int, end: int) -> Ints:
        return np.arange(begin, end) % self._size

    def _double(self, oldest: int) -> None:
        times = np.arange(oldest, self.now + 1)
        old, new = times % self._size, times % (2 * self._size)
        for name in ("_obs", "_actions", "_rewards"):
            ring = getattr(self, name)
            wider = np.empty((2 * self._size, *ring.shape[1:]), ring.dtype)
            wider[new] = ring[old]
            setattr(self, name, wider)
        if self._shots is not None:
            self._shots = _moved(self._shots, old, new)
        self._size *= 2


def copied(parts: list[Any]) -> Callable[[], Array]:
    """A copy of n things of one kind, which becomes an array, (n, ...), when it is called for.

    Of many small arrays, one string of bytes is made four times as fast as one array.
    """
    first = parts[0]
    if getattr(first, "dtype", OBJECT).hasobject:
        return partial(np.array, np.array(parts))
    try:
        joined = b"".join(parts)
    except TypeError:  # not contiguous
        joined = b""
    if len(joined) != len(parts) * first.nbytes:
        return partial(np.array, np.array(parts))
    return lambda: np.frombuffer(joined, first.dtype).reshape(len(parts), *first.shape)


def _moved(ring: list[Any], old: Ints, new: Ints) -> list[Any]:
    """A list of twice the length, with what stood at some places at others."""
    wider = [None] * (2 * len(ring))
    for before, place in zip(old.tolist(), new.tolist(), strict=True):
        wider[place] = ring[before]
    return wider


def _wide_enough(ring: Array, values: Array) -> Array:
    """The ring itself, or one of a type that holds the values too, e.g. longer strings."""
    if ring.dtype == NOTHING:
        return np.empty((len(ring), *values.shape), values.dtype)
    dtype = np.result_type(ring.dtype, values.dtype)
    return ring if dtype == ring.dtype else ring.astype(dtype)
