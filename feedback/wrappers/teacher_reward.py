"""TeacherReward: the reward is somebody's judgement of what was just done, given directly."""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs.types import State
from plaudit.feedback.programs import Named
from plaudit.feedback.wrappers.base import (
    check_order,
    inner,
    set_truth_aside,
)
from plaudit.feedback.wrappers.layer import Layer, VectorLayer
from plaudit.feedback.wrappers.onlooker import Judgement, Onlooker

RATE = {"kind": "rate"}


class TeacherReward(Layer):
    """Pay a teacher's judgement of each segment, 0 before.

    It is paid at the step that completes the segment, or when it comes, if the teacher is late;
    what is late may be paid in the next episode. Until then the reward is 0, and nothing waits.
    Ratings are mapped to -1..1; yes and no, and reactions, pay +1 and -1; a checklist its share of
    items met; marks of steps their sum, since the steps themselves are over.

    Source: own design.

    Args:
        env: holds RecordSegments; its `length` says how often the teacher speaks.
        teacher: registered name, or {"name": ..., settings}.
        ask: the question about each segment, as `Ask.to_json` writes it: rate, approve, react,
            check or mark. {"kind": "rate"} has 5 levels.
        missing: reward of a question skipped.

    Raises:
        TypeError: a wrapper of the chain stands in the wrong place.
        ValueError: no such question, or its answers are no rewards.
    """

    PARTS = ("_onlooker",)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Named = "noisy_person",
        ask: dict[str, Any] = RATE,
        missing: float = 0.0,
    ) -> None:
        super().__init__(env, teacher=teacher, ask=ask, missing=missing)
        check_order("TeacherReward", env, needs="RecordSegments")
        self._onlooker = Onlooker(env, teacher, ask, missing)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._onlooker.skip()
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        paid = float(sum(judgement.worth for judgement in self._onlooker.step()))
        return obs, paid, terminated, truncated, set_truth_aside(info, reward, self._hidden)


class VectorTeacherReward(VectorLayer):
    """The vector form of `TeacherReward`: one teacher judges all rows.

    What comes late while a row rests, because it is reset or stands still, is paid at its next
    step.

    Source: own design.

    Args:
        env: as `TeacherReward`.
        teacher: as `TeacherReward`.
        ask: as `TeacherReward`.
        missing: as `TeacherReward`.

    Raises:
        TypeError: as `TeacherReward`.
        ValueError: as `TeacherReward`.
    """

    PARTS = ("_onlooker",)

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Named = "noisy_person",
        ask: dict[str, Any] = RATE,
        missing: float = 0.0,
    ) -> None:
        super().__init__(env, teacher=teacher, ask=ask, missing=missing)
        check_order("TeacherReward", env, needs="RecordSegments")
        self._onlooker = Onlooker(env, teacher, ask, missing)
        self._recorder: Any = inner(env, "RecordSegments")
        self._unpaid: list[Judgement] = []  # of rows at rest

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        self._onlooker.skip()
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        paid, judgements = np.zeros(len(reward)), self._onlooker.step()
        if judgements or self._unpaid:
            judgements = self._unpaid + judgements
            live = self._recorder.live
            self._unpaid = [judgement for judgement in judgements if not live[judgement.row]]
            for row, _, _, worth in judgements:
                paid[row] += worth * live[row]
        return obs, paid, terminated, truncated, set_truth_aside(info, reward, self._hidden)

    def get_state(self) -> State:
        return {**super().get_state(), "unpaid": [list(judgement) for judgement in self._unpaid]}

    def set_state(self, state: State) -> None:
        super().set_state(state)
        self._unpaid = [Judgement(*judgement) for judgement in state["unpaid"]]
