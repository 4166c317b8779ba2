"""Constraint: what an action costs, as a signal of its own beside the reward.

    learn to maximise E[sum of rewards] subject to E[sum of costs] <= limit

Source: Altman 1999, "Constrained Markov Decision Processes"; two signals of feedback as in
arXiv:2310.12773 (Safe RLHF). The learner's multiplier is no part of a wrapper.
"""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.feedback.wrappers.base import (
    check_order,
    set_truth_aside,
)
from plaudit.feedback.wrappers.cost_meter import CostMeter, CostSpec
from plaudit.feedback.wrappers.last_step import single_info, vector_info
from plaudit.feedback.wrappers.layer import Layer, VectorLayer


class Constraint(Layer):
    """Tell what each step costs, apart from the reward; more is worse.

    `info["cost"]` is the cost of the step, `info["cost_return"]`, in the last step of an episode,
    that of the whole episode, and `info["cost_left"]`, where there is a limit, what may still be
    spent in this episode. They are signals for learners, unlike the costs that a world tells, which
    move to `info["eval"]` together with the rest of the truth.

    Source: arXiv:2310.12773 (Safe RLHF); the cost left as a signal: arXiv:2202.06558 (Saute RL).

    Args:
        env: any environment.
        cost: one of
            {"component": name}: that part of the world's reward, with the sign turned round (parts
            that hurt are negative); it is taken out of the reward;
            {"info": key}: a number that the environment tells in `info[key]`, more is worse;
            {"function": "module:attribute"}: of (obs, actions, next obs), (N, ...) each -> (N,);
            {"teacher": spec, "ask": {"kind": "approve"}}: a judgement of each step; no costs 1 and
            yes 0, a rating costs 1 at the lowest level and 0 at the highest, a skip `missing`. The
            teacher is waited for; with an `agreement` it needs `reference_returns` too.
            With any but a teacher, "learned": settings of a `CostLearner` may stand beside it: then
            only its teacher is told this cost, and what is said of a step is what a model has
            learned from its answers so far.
        limit: largest sum of costs of an episode that is allowed, in the cost's unit, or None.
        missing: cost of a step whose judgement was skipped.
        states: show the teacher the world's states; slow, see `LastStep`.

    Raises:
        ValueError: an unknown cost, or a question that does not grade a step.
        KeyError: the world has no such component, or does not tell that number.
        TypeError: a wrapper of the chain stands in the wrong place.
    """

    PARTS = ("_meter",)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        cost: CostSpec,
        limit: float | None = None,
        missing: float = 0.0,
        states: bool = False,
    ) -> None:
        super().__init__(env, cost=cost, limit=limit, missing=missing, states=states)
        check_order("Constraint", env)
        self._meter = CostMeter(env, cost, limit, missing, states)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        told = self._meter.begin(obs)
        return obs, _aside(info, None) | single_info(told)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        paid, told = self._meter.step(
            np.asarray(action)[None],
            np.array([reward], np.float64),
            obs,
            np.array([terminated or truncated]),
            info,
        )
        info = _aside(info, reward) | single_info(told)
        return obs, float(paid[0]), terminated, truncated, info


class VectorConstraint(VectorLayer):
    """The vector form of `Constraint`; costs are (N,), 0 in rows that did not play.

    Args:
        env: any vector environment.
        cost, limit, missing, states: as `Constraint`.
    """

    PARTS = ("_meter",)

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        cost: CostSpec,
        limit: float | None = None,
        missing: float = 0.0,
        states: bool = False,
    ) -> None:
        super().__init__(env, cost=cost, limit=limit, missing=missing, states=states)
        check_order("Constraint", env)
        self._meter = CostMeter(env, cost, limit, missing, states)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")  # Gymnasium's own forms take it out
        obs, info = self.env.reset(seed=seed, options=options)
        told = self._meter.begin(obs, mask)
        return obs, _aside(info, None) | vector_info(told)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        over = terminated | truncated
        paid, told = self._meter.step(actions, reward, obs, over, info)
        info = _aside(info, reward) | vector_info(told)
        return obs, paid, terminated, truncated, info


def _aside(info: dict[str, Any], reward: Any) -> dict[str, Any]:
    """The info with the truth aside, and marked so that wrappers outside leave the cost alone."""
    return {"eval": {}} | set_truth_aside(info, reward, hidden=False)
