"""ReferenceLogProb: the pull towards a reference policy, paid in the reward.

    reward + beta log ref(a | s)

An agent that maximises this return plus beta times its entropy maximises, by the chain rule,

    E[sum_t r_t + beta log ref(a_t | s_t) - beta log pi(a_t | s_t)] = E[return] - beta KL(pi || ref)

which is what a world's `oracle(beta)` is the optimum of; the KL is that of whole episodes, nats.

Source: Levine 2018, arXiv:1805.00909; as the objective of language models arXiv:1909.08593.
"""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs.types import State
from plaudit.feedback.references import reference_policy
from plaudit.feedback.wrappers.base import (
    check_order,
    set_truth_aside,
)
from plaudit.feedback.wrappers.discrete_actions import discrete_actions, legal_actions
from plaudit.feedback.wrappers.last_step import (
    Array,
    Bools,
    Floats,
    LiveRows,
    Seen,
    single_info,
    vector_info,
)
from plaudit.feedback.wrappers.layer import Layer, VectorLayer


class ReferenceLogProb(Layer):
    """Add beta times the log-probability of each action under a reference policy to the reward.

    With an entropy bonus of the same beta this is the KL objective (see above). The log-probability
    is in `info["reference_logp"]`, nats; it is that of the agent's own action, whatever an Advice
    inside executes.

    Source: arXiv:1805.00909; arXiv:1909.08593, equation 2.

    Args:
        env: any environment with Discrete actions.
        reference: "uniform" over the legal actions, "world" for the world's own reference policy,
            or "module:attribute" of a function (obs (N, ...), legal (N, A)) -> (N, A)
            probabilities or log-probabilities.
        beta: unit of reward per nat, >= 0.
        floor: lowest log-probability, nats, < 0; None: an action that the reference never takes is
            refused, since it would cost infinitely much.

    Raises:
        ValueError: a setting is out of its range; in `step`, an action that the reference never
            takes, or a function that returns no probabilities.
        TypeError: the actions are not Discrete, the world has no reference policy, or a wrapper of
            the chain stands in the wrong place.
    """

    PARTS = ("_pull",)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        reference: str = "uniform",
        beta: float = 0.1,
        floor: float | None = None,
    ) -> None:
        super().__init__(env, reference=reference, beta=beta, floor=floor)
        check_order("ReferenceLogProb", env)
        self._pull = _Pull(env, env.action_space, reference, beta, floor)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._pull.rows.begin()
        self._pull.see(obs, info)
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        logp = self._pull.logp(np.asarray(action)[None])
        obs, reward, terminated, truncated, info = self.env.step(action)
        self._pull.rows.after(np.array([terminated or truncated]))
        self._pull.see(obs, info)
        paid = float(reward) + self._pull.beta * float(logp[0])
        told = single_info({"reference_logp": (logp, np.ones(1, np.bool_))})
        info = set_truth_aside(info, reward, self._hidden) | told
        return obs, paid, terminated, truncated, info


class VectorReferenceLogProb(VectorLayer):
    """The vector form of `ReferenceLogProb`; rows that did not play are paid as they were.

    Args:
        env: any vector environment with Discrete actions.
        reference, beta, floor: as `ReferenceLogProb`.
    """

    PARTS = ("_pull",)

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        reference: str = "uniform",
        beta: float = 0.1,
        floor: float | None = None,
    ) -> None:
        super().__init__(env, reference=reference, beta=beta, floor=floor)
        check_order("ReferenceLogProb", env)
        self._pull = _Pull(env, env.single_action_space, reference, beta, floor)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")  # Gymnasium's own forms take it out
        obs, info = self.env.reset(seed=seed, options=options)
        self._pull.rows.begin(mask)
        self._pull.see(obs, info, mask)
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        logp = self._pull.logp(np.asarray(actions))
        obs, reward, terminated, truncated, info = self.env.step(actions)
        played = self._pull.rows.after(terminated | truncated)
        self._pull.see(obs, info)
        told = vector_info({"reference_logp": (logp, played)})
        info = set_truth_aside(info, reward, self._hidden) | told
        return obs, reward + self._pull.beta * logp, terminated, truncated, info


class _Pull:
    """The reference policy at what N rows see now."""

    def __init__(
        self, env: Any, space: gym.Space[Any], reference: str, beta: float, floor: float | None
    ) -> None:
        if not 0.0 <= beta < np.inf:
            raise ValueError(f"beta must be finite and at least 0, got {beta}")
        if floor is not None and not -np.inf < floor < 0.0:
            raise ValueError(f"floor must be finite and below 0 nats, or None, got {floor}")
        self._actions, self._start = discrete_actions("ReferenceLogProb", space)
        self._reference, self._name = reference_policy(reference, env), reference
        self.beta, self._floor = beta, floor
        self.rows, self._seen = LiveRows(env), Seen(env)
        self._obs: Array | None = None
        self._legal = np.ones((self.rows.count, self._actions), np.bool_)

    def see(self, obs: Any, info: dict[str, Any], mask: Bools | None = None) -> None:
        """Note what the next actions answer to; with `mask`, only that of these rows is new."""
        self._obs = np.array(self._seen(obs))
        legal = legal_actions(info, self._legal.shape)
        self._legal = legal if mask is None else np.where(mask[:, None], legal, self._legal)

    def logp(self, actions: Array) -> Floats:
        """(N,) log-probabilities of actions, nats; 0 in rows that do not play."""
        if self._obs is None:
            raise RuntimeError("step was called before the first reset")
        odds = self._reference(self._obs, self._legal)
        places = np.asarray(actions) - self._start
        # What is outside the space is refused by the world itself.
        counted = self.rows.live & (places >= 0) & (places < self._actions)
        taken = odds[np.arange(len(odds)), np.where(counted, places, 0)]
        never = counted & (taken <= 0.0)
        if self._floor is None and never.any():
            row = int(np.flatnonzero(never)[0])
            raise ValueError(
                f"the reference {self._name!r} never takes action {actions[row]} in row {row}, "
                "which would cost infinitely much; play legal actions, or set a floor in nats"
            )
        least = 0.0 if self._floor is None else np.exp(self._floor)
        return np.asarray(np.log(np.where(counted, np.maximum(taken, least), 1.0)))

    def get_state(self) -> State:
        obs = None if self._obs is None else self._obs.copy()
        return {"live": self.rows.live.copy(), "obs": obs, "legal": self._legal.copy()}

    def set_state(self, state: State) -> None:
        self.rows.live, self._legal = state["live"].copy(), state["legal"].copy()
        self._obs = None if state["obs"] is None else state["obs"].copy()
