"""Advice: before each step somebody names an action, as long as the budget lasts.

Source: importance advising: Torrey and Taylor 2013, "Teaching on a budget", AAMAS; adherence, the
share of advice that is followed: arXiv:2209.01874.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from plaudit.envs.types import State
from plaudit.feedback.loop import Spec
from plaudit.feedback.teachers.base import PolicyProbs
from plaudit.feedback.wrappers.adviser import Adviser, Terms
from plaudit.feedback.wrappers.base import check_order, inner_state, set_inner_state
from plaudit.feedback.wrappers.last_step import array_of, single_info, vector_info


class Advice(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Let a teacher name an action for what the agent sees now, as long as the budget lasts.

    `info["advice"]` is the action for the next step, or -1 where there is none, and
    `info["advice_left"]` the advice that is left, where there is a budget. After a step,
    `info["followed"]` says whether the action executed was the one advised, and `info["executed"]`
    which it was; learn from that one. Only legal actions are advised. The teacher is waited for.

    Source: Torrey and Taylor 2013, "Teaching on a budget", AAMAS; arXiv:2209.01874 (adherence).

    Args:
        env: any environment with Discrete actions.
        teacher: registered name, or {"name": ..., settings}; it answers `Advise`.
        budget: how often advice is given at most, in all episodes together; None: no limit.
        **terms: adherence (probability with which the advised action is executed in place of the
            agent's), when, threshold, states, seed: see `Terms`.

    Raises:
        ValueError: a setting is out of its range.
        TypeError: the actions are not Discrete, the teacher can't say what is important, the world
            has no states, or a wrapper of the chain stands in the wrong place.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Spec,
        budget: int | None = None,
        **terms: Any,
    ) -> None:
        RecordConstructorArgs.__init__(self, teacher=teacher, budget=budget, **terms)
        gym.Wrapper.__init__(self, env)
        check_order("Advice", env)
        self._adviser = Adviser(env, env.action_space, teacher, Terms(budget, **terms))

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._adviser.rows.begin()
        return obs, info | single_info(self._adviser.advise(array_of(obs)[None], info))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        executed, done = self._adviser.choose(np.asarray(action)[None])
        obs, reward, terminated, truncated, info = self.env.step(executed[0])
        self._adviser.rows.after(np.array([terminated or truncated]))
        told = self._adviser.advise(array_of(obs)[None], info)
        return obs, reward, terminated, truncated, info | single_info(done | told)

    def set_policy(self, probs: PolicyProbs) -> None:
        """Tell the teacher the learner's policy, (N, ...) observations -> (N, A)."""
        self._adviser.teacher.set_policy(probs)

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "adviser": self._adviser.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._adviser.set_state(state["adviser"])


class VectorAdvice(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """The vector form of `Advice`: one teacher and one budget for all rows, the first one first.

    Args:
        env: any vector environment with Discrete actions.
        teacher, budget, **terms: as `Advice`.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Spec,
        budget: int | None = None,
        **terms: Any,
    ) -> None:
        super().__init__(env)
        check_order("Advice", env)
        space = env.single_action_space
        self._adviser = Adviser(env, space, teacher, Terms(budget, **terms))

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        self._adviser.rows.begin(mask)
        return obs, info | vector_info(self._adviser.advise(array_of(obs), info, mask))

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        executed, done = self._adviser.choose(np.asarray(actions))
        obs, reward, terminated, truncated, info = self.env.step(executed)
        self._adviser.rows.after(terminated | truncated)
        told = self._adviser.advise(array_of(obs), info)
        return obs, reward, terminated, truncated, info | vector_info(done | told)

    def set_policy(self, probs: PolicyProbs) -> None:
        """As `Advice.set_policy`."""
        self._adviser.teacher.set_policy(probs)

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "adviser": self._adviser.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._adviser.set_state(state["adviser"])
