"""From steps to segments: a recorder that follows N rows and a pool of what they did lately."""

from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.types import Segment, SegmentRef

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]


class SegmentPool:
    """The latest segments, at most `keep`, as padded arrays in a ring.

    Args:
        keep: segments held, at least 2.
        env_id: written into each segment's reference.
    """

    def __init__(self, keep: int, env_id: str) -> None:
        if keep < 2:
            raise ValueError(f"keep must be at least 2 segments, got {keep}")
        self.keep = keep
        self.env_id = env_id
        self.total = 0  # segments ever added
        self._arrays: dict[str, Array] = {}

    def __len__(self) -> int:
        return min(self.total, self.keep)

    def add(
        self, obs: Array, actions: Array, rewards: Array, episodes: Array, starts: Array
    ) -> None:
        """Add n segments of T steps.

        Args:
            obs: (n, T + 1, ...) observations, the one after the last action included.
            actions: (n, T, ...).
            rewards: (n, T) true rewards.
            episodes: (n,) number of the episode each was cut from.
            starts: (n,) the step of that episode it begins at.
        """
        count, steps = rewards.shape
        self._make_room(obs, actions, steps)
        slots = (self.total + np.arange(count)) % self.keep
        slots = slots[-self.keep :]
        held = self._arrays
        held["obs"][slots, : steps + 1] = obs[-self.keep :]
        held["actions"][slots, :steps] = actions[-self.keep :]
        held["rewards"][slots, :steps] = rewards[-self.keep :]
        held["length"][slots] = steps
        held["episode"][slots] = episodes[-self.keep :]
        held["start"][slots] = starts[-self.keep :]
        self.total += count

    def segment(self, slot: int) -> Segment:
        """One segment, copied out, true rewards included: for teachers' lenses only."""
        held, steps = self._arrays, int(self._arrays["length"][slot])
        start = int(held["start"][slot])
        return Segment(
            held["obs"][slot, : steps + 1].copy(),
            held["actions"][slot, :steps].copy(),
            SegmentRef(self.env_id, int(held["episode"][slot]), start, start + steps),
            rewards=held["rewards"][slot, :steps].copy(),
        )

    def newest(self, count: int) -> npt.NDArray[np.int64]:
        """Slots of the latest segments, newest last, at most `count`."""
        count = min(count, len(self))
        return (self.total - count + np.arange(count)) % self.keep

    def get_state(self) -> State:
        return {"total": self.total} | {key: value.copy() for key, value in self._arrays.items()}

    def set_state(self, state: State) -> None:
        self.total = int(state["total"])
        self._arrays = {key: value.copy() for key, value in state.items() if key != "total"}

    def _make_room(self, obs: Array, actions: Array, steps: int) -> None:
        have = self._arrays["rewards"].shape[1] if self._arrays else 0
        if steps <= have:
            return
        old, keep = self._arrays, self.keep
        self._arrays = {
            "obs": np.zeros((keep, steps + 1, *obs.shape[2:]), obs.dtype),
            "actions": np.zeros((keep, steps, *actions.shape[2:]), actions.dtype),
            "rewards": np.zeros((keep, steps)),
            "length": np.zeros(keep, np.int64),
            "episode": np.zeros(keep, np.int64),
            "start": np.zeros(keep, np.int64),
        }
        for key, value in old.items():
            self._arrays[key][tuple(slice(0, n) for n in value.shape)] = value


class SegmentRecorder:
    """Follows N rows step by step and cuts a segment at each episode's end, or every `length`.

    A reset in mid-episode is an end too: what an outer time limit stopped is not lost.

    Args:
        rows: N.
        length: longest segment, steps; None for whole episodes.
        pool: where segments go.
    """

    def __init__(self, rows: int, length: int | None, pool: SegmentPool) -> None:
        if length is not None and length < 1:
            raise ValueError(f"length must be at least 1 step, got {length}")
        self.pool = pool
        self._length = length
        self._steps: list[tuple[Array, Array, Array]] = []  # obs before, action, true reward
        self._obs: Array | None = None
        self._begun = np.zeros(rows, np.int64)  # place in _steps where a row's segment begins
        self._age = np.zeros(rows, np.int64)  # steps of the row's episode before its segment
        self._episode = np.full(rows, -1)  # number of the row's episode, given at its first cut
        self._episodes = 0
        self.last_cut = np.zeros(0, np.int64)  # rows cut in the latest step, in the pool's order

    def begin(self, obs: Array, rows: Bools) -> None:
        """Rows start a new episode, which ends the one they were in; `obs` is that of all rows."""
        unfinished = rows & (self._begun < len(self._steps))
        if self._obs is not None and unfinished.any():
            self._cut(unfinished, self._obs)
        self._obs = obs.copy()
        self._begun[rows] = len(self._steps)
        self._age[rows] = 0
        self._episode[rows] = -1
        self._forget()

    def add(
        self, actions: Array, rewards: Array, after: Array, shown: Array, over: Bools, live: Bools
    ) -> None:
        """Note one step of all rows.

        Args:
            actions: (N, ...) of this step.
            rewards: (N,) true rewards of this step.
            after: (N, ...) observation the step led to (the final one where an episode ended).
            shown: (N, ...) observation returned, the new episode's where there was an auto-reset.
            over: (N,) the episode ended.
            live: (N,) the row really played this step.
        """
        if self._obs is None:
            raise RuntimeError("step was called before the first reset")
        self._steps.append((self._obs, np.array(actions), np.array(rewards, np.float64)))
        now = len(self._steps)
        self._begun[~live] = now
        cut = over & live
        if self._length is not None:
            cut |= live & (now - self._begun >= self._length)
        self.last_cut = self._cut(cut, after) if cut.any() else np.zeros(0, np.int64)
        if len(self.last_cut):
            self._age[cut] += now - self._begun[cut]
            self._age[over], self._episode[over] = 0, -1
            self._begun[cut] = now
        self._obs = np.array(shown)
        self._forget()

    def get_state(self) -> State:
        return {
            "pool": self.pool.get_state(),
            "steps": [[array.copy() for array in step] for step in self._steps],
            "obs": None if self._obs is None else self._obs.copy(),
            "begun": self._begun.copy(),
            "age": self._age.copy(),
            "episode": self._episode.copy(),
            "episodes": self._episodes,
        }

    def set_state(self, state: State) -> None:
        self.pool.set_state(state["pool"])
        self._steps = [(step[0], step[1], step[2]) for step in state["steps"]]
        self._obs = None if state["obs"] is None else state["obs"].copy()
        self._begun, self._age = state["begun"].copy(), state["age"].copy()
        self._episode, self._episodes = state["episode"].copy(), int(state["episodes"])

    def _cut(self, rows: Bools, after: Array) -> npt.NDArray[np.int64]:
        """Move the segments of `rows`, which end here, into the pool; equal lengths together."""
        order = []
        for begun in np.unique(self._begun[rows]):
            which = np.flatnonzero(rows & (self._begun == begun))
            fresh = which[self._episode[which] < 0]
            self._episode[fresh] = self._episodes + np.arange(len(fresh))
            self._episodes += len(fresh)
            steps = self._steps[begun:]
            obs = np.stack([step[0][which] for step in steps] + [after[which]], axis=1)
            actions = np.stack([step[1][which] for step in steps], axis=1)
            rewards = np.stack([step[2][which] for step in steps], axis=1)
            self.pool.add(obs, actions, rewards, self._episode[which], self._age[which])
            order.append(which)
        return np.concatenate(order)

    def _forget(self) -> None:
        """Drop the steps that no row's segment needs any more."""
        done = int(self._begun.min())
        if done:
            del self._steps[:done]
            self._begun -= done
