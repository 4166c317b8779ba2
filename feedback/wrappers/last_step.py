"""The step that each of N rows has just taken: whether it really played, and as a segment.

Under Gymnasium's auto-reset some rows do not play in a step: with NextStep a finished row is reset
instead, with Disabled it stands still. A single environment is one row that always plays.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.types import State
from plaudit.feedback.shots import Shots
from plaudit.feedback.types import Segment, SegmentRef
from plaudit.feedback.wrappers.base import AnyEnv, env_id, final_observations
from plaudit.feedback.wrappers.observations import Numbers, shows_words
from plaudit.feedback.wrappers.privileged import Camera

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

Told = dict[str, tuple[Array, Bools]]
"""What a wrapper tells of N rows: values (N, ...), and of which rows (N,) they are said."""


class LiveRows:
    """Which rows play.

    Args:
        env: what is stepped, single or vector.
    """

    def __init__(self, env: AnyEnv) -> None:
        vector = isinstance(env, gym.vector.VectorEnv)
        mode = AutoresetMode(env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP))
        self.count = env.num_envs if isinstance(env, gym.vector.VectorEnv) else 1
        self.same_step = vector and mode == AutoresetMode.SAME_STEP
        self.next_step = vector and mode == AutoresetMode.NEXT_STEP
        self.live = np.ones(self.count, np.bool_)  # rows that will play the next step

    def begin(self, rows: Bools | None = None) -> None:
        """Rows (N,), or all, were reset."""
        self.live[slice(None) if rows is None else rows] = True

    def after(self, over: Bools) -> Bools:
        """Note whose episodes are over, (N,); returns (N,) the rows that played this step."""
        played = self.live
        self.live = np.ones(self.count, np.bool_) if self.same_step else ~over
        return played


class LastStep:
    """The step every row has just taken.

    Args:
        env: what is stepped, single or vector, with array observations.
        states: keep the world's states before and after, for teachers that know the world; slow.

    Attributes:
        rows: which of them play.
        played: (N,) rows that played the latest step.
        ended: (N,) rows whose episode ended with it.
        age: (N,) steps of the episode so far, the latest one included.
    """

    def __init__(self, env: AnyEnv, states: bool = False) -> None:
        self.rows = LiveRows(env)
        self._env_id, self._camera = env_id(env), Camera(env, states, frames=False)
        count = self.rows.count
        self.played, self.ended = np.zeros((2, count), np.bool_)
        self.age, self._episode = np.zeros((2, count), np.int64)
        self._episodes = 0
        self._seen = Seen(env)
        self._obs: Array | None = None  # what the next action is an answer to
        self._step: tuple[Array, Array, Floats, Array] | None = None
        self._shots: Shots | None = None  # of what the next action is an answer to
        self._around: tuple[Shots, Shots] | None = None

    def begin(self, obs: Any, rows: Bools | None = None) -> None:
        """Rows (N,), or all, start a new episode; `obs` is what the environment shows."""
        self.rows.begin(rows)
        self.ended[slice(None) if rows is None else rows] = True
        self._obs, self._shots = np.array(self._seen(obs)), self._shot()

    def add(
        self, actions: Array, truth: Floats, obs: Any, over: Bools, info: dict[str, Any]
    ) -> None:
        """Note a step.

        Args:
            actions: (N, ...).
            truth: (N,) true rewards.
            obs: as the environment returned them.
            over: (N,) whose episodes are over.
            info: as the environment returned it.
        """
        if self._obs is None:
            raise RuntimeError("step was called before the first reset")
        self.age[self.ended] = 0
        self.played = self.rows.after(over)
        fresh = np.flatnonzero(self.played & (self.age == 0))
        self._episode[fresh] = self._episodes + np.arange(len(fresh))
        self._episodes += len(fresh)
        self.age[self.played] += 1
        self.ended = over & self.played
        seen = self._seen(obs)
        self._step = self._obs, np.asarray(actions), truth, self._seen.last(info, seen, over)
        self._obs = np.array(seen)
        before, self._shots = self._shots, self._shot()
        if before is not None and self._shots is not None:
            after = self._camera.before_reset(self._shots, np.flatnonzero(self.ended))
            self._around = before, after

    def segment(self, row: int) -> Segment:
        """The latest step of a row, true reward and states included: for teachers only."""
        before, actions, truth, after = self._latest()
        age = int(self.age[row])
        states = [shots[row].state for shots in self._around or ()]
        return Segment(
            np.stack([before[row], after[row]]),
            actions[row : row + 1].copy(),
            SegmentRef(self._env_id, int(self._episode[row]), age - 1, age),
            rewards=np.array(truth[row : row + 1], np.float64),
            states=tuple(state for state in states if state is not None) or None,
        )

    @property
    def transitions(self) -> tuple[Array, Array, Array]:
        """The latest step of all rows: (N, ...) observations, actions and what they led to."""
        before, actions, _, after = self._latest()
        return before, actions, after

    @property
    def fresh(self) -> Bools:
        """(N,) rows that show a new episode since the latest step, by an auto-reset."""
        if self.rows.same_step:
            return self.ended
        return ~self.played if self.rows.next_step else np.zeros(self.rows.count, np.bool_)

    def get_state(self) -> State:
        """What the next segments depend on; a fresh copy."""
        return {
            "live": self.rows.live.copy(),
            "ended": self.ended.copy(),
            "age": self.age.copy(),
            "episode": self._episode.copy(),
            "episodes": self._episodes,
            "obs": None if self._obs is None else self._obs.copy(),
        }

    def set_state(self, state: State) -> None:
        """Go back; the environment must have gone back before."""
        self.rows.live, self.ended = state["live"].copy(), state["ended"].copy()
        self.age, self._episode = state["age"].copy(), state["episode"].copy()
        self._episodes = int(state["episodes"])
        self._obs = None if state["obs"] is None else state["obs"].copy()
        self._shots = None if self._obs is None else self._shot()

    def _shot(self) -> Shots | None:
        return self._camera.shots() if self._camera.on else None

    def _latest(self) -> tuple[Array, Array, Floats, Array]:
        if self._step is None:
            raise RuntimeError("there is no step yet")
        return self._step


class Seen:
    """Reads what an environment shows as (N, ...) numbers, N = 1 of a single one.

    What shows nothing but words is read as it is.

    Source: own design.

    Args:
        env: single or vector.

    Raises:
        TypeError: it shows what is neither numbers nor words.
    """

    def __init__(self, env: AnyEnv) -> None:
        space, count = env.observation_space, 1
        self._vector = isinstance(env, gym.vector.VectorEnv)
        if isinstance(env, gym.vector.VectorEnv):
            space, count = env.single_observation_space, env.num_envs
        self._numbers = Numbers(space, count)
        self._as_is = self._numbers.plain or shows_words(space)

    def __call__(self, obs: Any) -> Array:
        if self._vector:
            return np.asarray(obs) if self._as_is else self._numbers.rows(obs)
        return np.asarray(obs if self._as_is else self._numbers.one(obs))[None]

    def last(self, info: dict[str, Any], obs: Array, over: Bools) -> Array:
        """(N, ...) what a step led to; `obs` was read already."""
        if self._as_is or "final_obs" not in info:
            return np.asarray(final_observations(info, obs, over))
        after = obs.copy()
        for row in np.flatnonzero(over):
            after[row] = self._numbers.one(info["final_obs"][row])
        return after


def single_info(told: Told) -> dict[str, Any]:
    """What is told, for the info of a single environment: as Python's own.

    Args:
        told: of one row; what is not said of it is left out.
    """
    return {
        key: values[0].item() if values.ndim == 1 and values.dtype != object else values[0]
        for key, (values, rows) in told.items()
        if rows[0]
    }


def vector_info(told: Told) -> dict[str, Any]:
    """What is told, for the info of a vector environment, with Gymnasium's masks.

    Args:
        told: of N rows.
    """
    info: dict[str, Any] = {}
    for key, (values, rows) in told.items():
        info[key], info[f"_{key}"] = values, rows.copy()
    return info
