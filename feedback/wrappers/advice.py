"""Advice: before each step somebody names an action, as long as the budget lasts.

Source: importance advising: Torrey and Taylor 2013, "Teaching on a budget", AAMAS; adherence, the
share of advice that is followed: arXiv:2209.01874.
"""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.feedback.programs import Named
from plaudit.feedback.wrappers.adviser import Adviser, Terms
from plaudit.feedback.wrappers.base import check_order
from plaudit.feedback.wrappers.last_step import single_info, vector_info
from plaudit.feedback.wrappers.layer import Layer, VectorLayer


class Advice(Layer):
    """Let a teacher name an action for what the agent sees now, as long as the budget lasts.

    `info["advice"]` is the action for the next step, or -1 where there is none, and
    `info["advice_left"]` the advice that is left, where there is a budget. After a step,
    `info["followed"]` says whether the action executed was the one advised, and `info["executed"]`
    which it was; learn from that one. Only legal actions are advised. The teacher is waited for;
    one that is told an `agreement` needs `reference_returns` too, since it is asked little at once.

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

    PARTS = ("_adviser",)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Named,
        budget: int | None = None,
        **terms: Any,
    ) -> None:
        super().__init__(env, teacher=teacher, budget=budget, **terms)
        check_order("Advice", env)
        self._adviser = Adviser(env, env.action_space, teacher, Terms(budget, **terms))

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._adviser.rows.begin()
        return obs, info | single_info(self._adviser.advise(obs, info))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        executed, done = self._adviser.choose(np.asarray(action)[None])
        obs, reward, terminated, truncated, info = self.env.step(executed[0])
        self._adviser.rows.after(np.array([terminated or truncated]))
        told = self._adviser.advise(obs, info)
        return obs, reward, terminated, truncated, info | single_info(done | told)


class VectorAdvice(VectorLayer):
    """The vector form of `Advice`: one teacher and one budget for all rows, the first one first.

    Args:
        env: any vector environment with Discrete actions.
        teacher, budget, **terms: as `Advice`.
    """

    PARTS = ("_adviser",)

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Named,
        budget: int | None = None,
        **terms: Any,
    ) -> None:
        super().__init__(env, teacher=teacher, budget=budget, **terms)
        check_order("Advice", env)
        space = env.single_action_space
        self._adviser = Adviser(env, space, teacher, Terms(budget, **terms))

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")  # Gymnasium's own forms take it out
        obs, info = self.env.reset(seed=seed, options=options)
        self._adviser.rows.begin(mask)
        return obs, info | vector_info(self._adviser.advise(obs, info, mask))

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        executed, done = self._adviser.choose(np.asarray(actions))
        obs, reward, terminated, truncated, info = self.env.step(executed)
        self._adviser.rows.after(terminated | truncated)
        told = self._adviser.advise(obs, info)
        return obs, reward, terminated, truncated, info | vector_info(done | told)
