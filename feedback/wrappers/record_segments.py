"""RecordSegments: remember what was done, true rewards included, for teachers to look at."""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode

from plaudit.envs.types import State
from plaudit.feedback.recorder import UNTIL_RESET, SegmentRecorder
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.shots import Shots
from plaudit.feedback.wrappers.base import (
    check_order,
    env_id,
    final_observations,
    inner_state,
    set_inner_state,
    truth_of,
)
from plaudit.feedback.wrappers.privileged import Camera

ALONE = np.ones(1, np.bool_)  # the only row of a single environment
RESTS = {
    AutoresetMode.SAME_STEP: 0,
    AutoresetMode.NEXT_STEP: 1,
    AutoresetMode.DISABLED: UNTIL_RESET,
}  # steps that a row does not play after an episode's end


class RecordSegments(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Keep the latest segments of a single environment in `segments`, a `SegmentPool`.

    A reset before the end of an episode, e.g. by a TimeLimit outside, ends its segment too.
    Observations of a Discrete space are kept as numbers: `Segment.obs` is then (T + 1,).

    Source: own design.

    Args:
        env: any environment with array observations.
        length: steps of a segment, or None for whole episodes; shorter last ones are kept too.
        keep: how many segments are held.
        states: keep the world's states for teachers that know the world; this costs about 25
            microseconds a step.
        frames: keep a picture of each step, as `render` makes it, for people to look at; this
            costs what that costs, and the memory.

    Raises:
        TypeError: observations are no arrays, or states or frames are asked of a world without.
        ValueError: length or keep is too small.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        length: int | None = None,
        keep: int = 1024,
        states: bool = False,
        frames: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(self, length=length, keep=keep, states=states, frames=frames)
        gym.Wrapper.__init__(self, env)
        check_order("RecordSegments", env)
        _check_observations(env.observation_space)
        self.segments = SegmentPool(keep, env_id(env))
        self._recorder = SegmentRecorder(1, length, self.segments)
        self._camera = Camera(env, states, frames)

    @property
    def last_cut(self) -> npt.NDArray[np.int64]:
        """Of each segment that the latest step completed, the row, which is 0."""
        return self._recorder.last_cut

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        shots = self._camera.shots() if self._camera.on else None
        self._recorder.begin(np.asarray(obs)[None], ALONE, shots)
        return obs, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        after, over = np.asarray(obs)[None], np.array([terminated or truncated])
        truth = np.array([truth_of(info, reward)])
        now = self._camera.shots() if self._camera.on else None
        shots = None if now is None else (now, now)
        self._recorder.add(np.asarray(action)[None], truth, after, after, over, shots)
        return obs, reward, terminated, truncated, info

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "recorder": self._recorder.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._recorder.set_state(state["recorder"])


class VectorRecordSegments(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """Keep the latest segments of all rows in `segments`, under any auto-reset mode.

    Source: own design.

    Args:
        env: any vector environment with array observations.
        length: steps of a segment, or None for whole episodes.
        keep: how many segments are held, all rows together.
        states: as `RecordSegments`; about 25 microseconds per row and step, many times the step
            itself.
        frames: as `RecordSegments`, where `render` gives a picture per row.

    Raises:
        TypeError: as `RecordSegments`.
        ValueError: as `RecordSegments`, or autoreset_mode SameStep hides what is to be kept.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        length: int | None = None,
        keep: int = 1024,
        states: bool = False,
        frames: bool = False,
    ) -> None:
        super().__init__(env)
        check_order("RecordSegments", env)
        _check_observations(env.single_observation_space)
        if keep < env.num_envs:
            raise ValueError(f"keep must be at least num_envs = {env.num_envs}, got {keep}")
        self.segments = SegmentPool(keep, env_id(env))
        self._camera = Camera(env, states, frames)
        mode = env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        self._recorder = SegmentRecorder(self.num_envs, length, self.segments, RESTS[mode])
        self._plays_on = RESTS[mode] == 0
        self._over = np.zeros(self.num_envs, np.bool_)  # after the latest step
        self._rested = self._over  # in it

    @property
    def last_cut(self) -> npt.NDArray[np.int64]:
        """Rows whose segments the latest step completed, in the order of the pool."""
        return self._recorder.last_cut

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """(N,) rows that played in the latest step: neither stood still nor were reset."""
        return ~self._rested

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        obs, info = self.env.reset(seed=seed, options=options)
        rows = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        shots = self._camera.shots() if self._camera.on else None
        self._recorder.begin(obs, rows, shots)
        self._over = self._over & ~rows
        return obs, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        over = terminated | truncated
        after = final_observations(info, obs, over) if "final_obs" in info else obs
        truth = truth_of(info, reward) if "true_reward" in info else reward
        shots = self._shots(over) if self._camera.on else None
        self._recorder.add(actions, truth, after, obs, over, shots)
        if not self._plays_on:  # what is over rests in the next step: it is reset or stands still
            self._rested, self._over = self._over, over
        return obs, reward, terminated, truncated, info

    def get_state(self) -> State:
        return {
            "env": inner_state(self.env),
            "recorder": self._recorder.get_state(),
            "over": self._over.copy(),
        }

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._recorder.set_state(state["recorder"])
        self._over = state["over"].copy()
        self._rested = np.zeros_like(self._over)

    def _shots(self, over: npt.NDArray[np.bool_]) -> tuple[Shots, Shots]:
        """Those of what the step led to, and of what is seen now."""
        now = self._camera.shots()
        return self._camera.before_reset(now, over.nonzero()[0]), now


def _check_observations(space: gym.Space[Any]) -> None:
    if isinstance(space, gym.spaces.Dict | gym.spaces.Tuple):
        raise TypeError(
            f"RecordSegments needs array observations, got {space}; "
            "gymnasium.wrappers.FlattenObservation makes arrays of them"
        )
