"""LearnedReward: the reward is what a model has learned from somebody's comparisons so far."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from plaudit.envs.types import State
from plaudit.feedback.loop import PreferenceLoop, Schedule, Spec, model_shape
from plaudit.feedback.teachers.base import PolicyProbs
from plaudit.feedback.wrappers.base import (
    check_order,
    inner,
    inner_state,
    set_inner_state,
    set_truth_aside,
)


class LearnedReward(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
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
        teacher: Spec = "noisy_person",
        model: Spec = "bradley_terry",
        seed: int = 0,
        **schedule: Any,
    ) -> None:
        RecordConstructorArgs.__init__(self, teacher=teacher, model=model, seed=seed, **schedule)
        gym.Wrapper.__init__(self, env)
        check_order("LearnedReward", env, needs="RecordSegments")
        self._segments = inner(env, "RecordSegments").segments  # type: ignore[union-attr]
        self._hidden = inner(env, "HideReward") is not None
        self.loop = PreferenceLoop(teacher, model, Schedule(**schedule), model_shape(env), seed)
        self._obs: Any = None

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self._obs, info = self.env.reset(**kwargs)
        return self._obs, set_truth_aside(info, None, self._hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        before = self._obs
        self._obs, reward, terminated, truncated, info = self.env.step(action)
        mean, _ = self.loop.model.predict(
            np.asarray(before)[None, None], np.asarray(action)[None, None]
        )
        self.loop.update(self._segments)
        info = set_truth_aside(info, reward, self._hidden)
        return self._obs, float(mean[0, 0]), terminated, truncated, info

    def set_policy(self, probs: PolicyProbs) -> None:
        """Tell the teacher the learner's policy, (N, ...) observations -> (N, A)."""
        self.loop.teacher.set_policy(probs)

    def get_state(self) -> State:
        obs = None if self._obs is None else np.array(self._obs)
        return {"env": inner_state(self.env), "loop": self.loop.get_state(), "obs": obs}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self.loop.set_state(state["loop"])
        self._obs = None if state["obs"] is None else state["obs"].copy()


class VectorLearnedReward(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """The vector form of `LearnedReward`: one teacher, one model and one budget for all rows.

    Rows that did not play (they stood still or were reset in this step) get reward 0.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Spec = "noisy_person",
        model: Spec = "bradley_terry",
        seed: int = 0,
        **schedule: Any,
    ) -> None:
        super().__init__(env)
        check_order("LearnedReward", env, needs="RecordSegments")
        self._recorder: Any = inner(env, "RecordSegments")
        self._hidden = inner(env, "HideReward") is not None
        self.loop = PreferenceLoop(teacher, model, Schedule(**schedule), model_shape(env), seed)
        self._obs: Any = None

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        self._obs = obs.copy()
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        mean, _ = self.loop.model.predict(self._obs[:, None], np.asarray(actions)[:, None])
        learned = np.where(self._recorder.live, mean[:, 0].astype(np.float64), 0.0)
        self.loop.update(self._recorder.segments)
        self._obs = obs.copy()
        info = set_truth_aside(info, reward, self._hidden)
        return obs, learned, terminated, truncated, info

    def set_policy(self, probs: PolicyProbs) -> None:
        """Tell the teacher the learner's policy, (N, ...) observations -> (N, A)."""
        self.loop.teacher.set_policy(probs)

    def get_state(self) -> State:
        return {
            "env": inner_state(self.env),
            "loop": self.loop.get_state(),
            "obs": None if self._obs is None else self._obs.copy(),
        }

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self.loop.set_state(state["loop"])
        self._obs = None if state["obs"] is None else state["obs"].copy()
