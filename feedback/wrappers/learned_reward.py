"""LearnedReward: the reward is what a model has learned from somebody's comparisons so far."""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs.types import State
from plaudit.feedback.loop import PreferenceLoop, Schedule
from plaudit.feedback.programs import Named
from plaudit.feedback.wrappers.base import check_order, inner, set_truth_aside
from plaudit.feedback.wrappers.layer import Layer, Parts, VectorLayer
from plaudit.feedback.wrappers.model_shape import model_shape, row_spaces
from plaudit.feedback.wrappers.observations import Numbers
from plaudit.feedback.wrappers.record_segments import check_covers


class _Learning(Parts):
    """What both forms share: the loop, and what the next action is an answer to."""

    PARTS = ("loop",)
    loop: PreferenceLoop
    _obs: Any

    def _begin(self, teacher: Named, model: Named, seed: int, schedule: dict[str, Any]) -> None:
        env = self.env
        check_order("LearnedReward", env, needs="RecordSegments")
        self._recorder: Any = inner(env, "RecordSegments")
        plan, shape = Schedule.of(schedule), model_shape(env)
        check_covers(self._recorder, plan.question)
        self.loop = PreferenceLoop(teacher, model, plan, shape, seed)
        self._numbers = Numbers(row_spaces(env)[0], getattr(env, "num_envs", 1))
        self._obs = None

    def get_state(self) -> State:
        obs = None if self._obs is None else self._obs.copy()
        return {**super().get_state(), "obs": obs}

    def set_state(self, state: State) -> None:
        """Go back; ValueError, and nothing is changed, if the state is that of another loop."""
        self.loop.check_state(state.get("loop", {}))
        super().set_state(state)
        self._obs = None if state["obs"] is None else state["obs"].copy()


class LearnedReward(_Learning, Layer):
    """Pay a learned reward; ask, fit and go on by itself while any agent steps.

    Until the first fit the reward is 0. The true reward is in `info["true_reward"]` (unless a
    HideReward is inside), components and outcome in `info["eval"]`, for evaluation only.

    Args:
        env: holds RecordSegments, whose segments are compared.
        teacher: registered name, or {"name": ..., settings}.
        model: registered name, or {"name": ..., settings}; what it must know of the world's spaces
            is filled in.
        labels, labels_per_round, segments_per_round, sampler, ask: see `Schedule`.
        seed: of the query sampler.

    Raises:
        TypeError: a wrapper of the chain stands in the wrong place.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Named = "noisy_person",
        model: Named = "bradley_terry",
        seed: int = 0,
        **schedule: Any,
    ) -> None:
        super().__init__(env, teacher=teacher, model=model, seed=seed, **schedule)
        self._begin(teacher, model, seed, schedule)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._obs = np.array(self._numbers.one(obs))
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        done = np.asarray(action)[None, None]
        mean, _ = self.loop.model.predict(self._obs[None, None], done)
        self.loop.update(self._recorder.segments)
        self._obs = np.array(self._numbers.one(obs))
        info = set_truth_aside(info, reward, self._hidden)
        return obs, float(mean[0, 0]), terminated, truncated, info


class VectorLearnedReward(_Learning, VectorLayer):
    """The vector form of `LearnedReward`: one teacher, one model and one budget for all rows.

    Rows that did not play (they stood still or were reset in this step) get reward 0.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Named = "noisy_person",
        model: Named = "bradley_terry",
        seed: int = 0,
        **schedule: Any,
    ) -> None:
        super().__init__(env, teacher=teacher, model=model, seed=seed, **schedule)
        self._begin(teacher, model, seed, schedule)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        self._obs = np.array(self._numbers.rows(obs))
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        mean, _ = self.loop.model.predict(self._obs[:, None], np.asarray(actions)[:, None])
        learned = np.where(self._recorder.live, mean[:, 0].astype(np.float64), 0.0)
        self.loop.update(self._recorder.segments)
        self._obs = np.array(self._numbers.rows(obs))
        info = set_truth_aside(info, reward, self._hidden)
        return obs, learned, terminated, truncated, info
