"""TeacherReward: the reward is somebody's rating of what was just done, given directly."""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import RecordConstructorArgs

from plaudit import feedback
from plaudit.envs.types import State
from plaudit.feedback.loop import Spec, made
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.types import Query, Rate
from plaudit.feedback.wrappers.base import (
    check_order,
    inner,
    inner_state,
    set_inner_state,
    set_truth_aside,
)


class _Rater:
    """Asks a teacher to rate each new segment and turns the answer into a reward.

    Answer a of L levels becomes 2 a / (L - 1) - 1 in [-1, 1]; a skip becomes `missing`.
    """

    def __init__(self, env: Any, teacher: Spec, levels: int, missing: float) -> None:
        self.teacher = made(feedback.make, teacher)
        self.hidden = inner(env, "HideReward") is not None
        self._pool: SegmentPool = inner(env, "RecordSegments").segments  # type: ignore[union-attr]
        self._ask = Rate(levels)
        self._missing = missing
        self._rated = self._pool.total

    def rewards(self) -> npt.NDArray[np.float64]:
        """Rewards for the segments recorded since the last call, in the order of the pool."""
        slots = self._pool.newest(self._pool.total - self._rated)
        queries = [
            Query((self._pool.segment(int(slot)),), self._ask, query_id=self._rated + i)
            for i, slot in enumerate(slots)
        ]
        self._rated = self._pool.total
        top = self._ask.levels - 1
        return np.array(
            [
                self._missing if answer.answer is None else 2 * answer.answer / top - 1
                for answer in self.teacher.answer(queries)
            ]
        )

    def skip(self) -> None:
        """Leave unrated what was recorded since; a reset cut it, and no step is left to pay."""
        self._rated = self._pool.total

    def get_state(self) -> State:
        return {"teacher": self.teacher.get_state(), "rated": self._rated}

    def set_state(self, state: State) -> None:
        self.teacher.set_state(state["teacher"])
        self._rated = int(state["rated"])


class TeacherReward(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Pay a teacher's rating of each segment at the step that completes it, 0 before.

    Args:
        env: holds RecordSegments; its `length` says how often the teacher speaks.
        teacher: registered name, or {"name": ..., settings}.
        levels: of the rating scale, mapped to rewards from -1 to 1.
        missing: reward of a skipped rating.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Spec = "noisy_person",
        levels: int = 5,
        missing: float = 0.0,
    ) -> None:
        RecordConstructorArgs.__init__(self, teacher=teacher, levels=levels, missing=missing)
        gym.Wrapper.__init__(self, env)
        check_order("TeacherReward", env, needs="RecordSegments")
        self._rater = _Rater(env, teacher, levels, missing)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._rater.skip()
        return obs, set_truth_aside(info, None, self._rater.hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        rating = float(self._rater.rewards().sum())
        info = set_truth_aside(info, reward, self._rater.hidden)
        return obs, rating, terminated, truncated, info

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "rater": self._rater.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._rater.set_state(state["rater"])


class VectorTeacherReward(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """The vector form of `TeacherReward`: one teacher rates all rows."""

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Spec = "noisy_person",
        levels: int = 5,
        missing: float = 0.0,
    ) -> None:
        super().__init__(env)
        check_order("TeacherReward", env, needs="RecordSegments")
        self._recorder = inner(env, "RecordSegments")
        self._rater = _Rater(env, teacher, levels, missing)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        self._rater.skip()
        return obs, set_truth_aside(info, None, self._rater.hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        ratings = np.zeros(self.num_envs)
        ratings[self._recorder.last_cut] = self._rater.rewards()  # type: ignore[union-attr]
        info = set_truth_aside(info, reward, self._rater.hidden)
        return obs, ratings, terminated, truncated, info

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "rater": self._rater.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._rater.set_state(state["rater"])
