"""What learners share that are taught while they act: play a step, hear what is said, learn.

An update is a number of steps. What is learned at each of them, a leaf says (`_learn`). Nothing
waits for feedback: who is watched by nobody plays on and learns nothing.

Source: own design.
"""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.credit_window import Tensors
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.rollout.figures import moved
from plaudit.agents.rollout.step_worlds import AnyVector, check_watched, tell_policy
from plaudit.agents.rollout.watched import Heard, Watched
from plaudit.agents.rollout.worlds import describe
from plaudit.agents.trainers.base import Row, Trainer, mean
from plaudit.envs import limits
from plaudit.envs.types import State

Evaluator = Callable[[VectorPolicy], Row]
"""policy -> figures to log; the only reader of the truth."""


class Shared(TypedDict, total=False):
    """Settings of all interactive trainers, see `InteractiveTrainer`."""

    updates: int
    steps: int
    seed: int
    evaluator: Evaluator | None
    eval_every: int
    folder: str | Path | None


class InteractiveTrainer(Trainer):
    """Acts in rows that somebody watches, and learns at once from what is said.

    A teacher inside whose answers depend on the learner's policy is told it.

    Args:
        env: a vector form with same-step auto-reset whose reward is feedback, as
            VectorScalarFeedback pays it; `feedback_count` in the info says how many judgements
            that are. A single environment becomes one by `LoopVectorEnv`.
        policy: acts, and is trained in place; its stream of actions begins anew from the seed.
        settings: of the leaf, JSON values that a checkpoint must have been made with.
        updates: planned number of updates.
        steps: of the world per update.
        seed: of episodes, actions and whatever else is drawn.
        evaluator: called before the first and after every `eval_every` updates.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: world and policy do not fit (see `check_watched`), or a number is out
            of its range.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: VectorPolicy,
        settings: dict[str, Any],
        *,
        updates: int = 100,
        steps: int = 64,
        seed: int = 0,
        evaluator: Evaluator | None = None,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        check_watched(env, policy)
        limits.check_range("steps", steps, 1, np.inf, integer=True)
        super().__init__(updates=updates, seed=seed, eval_every=eval_every, folder=folder)
        self.env, self.policy, self.evaluator, self.steps = env, policy, evaluator, steps
        distributed.start_equal(policy)
        policy.reseed(int(self._rng.integers(2**31)))
        self._watched = Watched(env, policy.head.choices)
        self._settings = {"steps": steps, "seed": seed, **settings}
        tell_policy(env, policy)

    @abstractmethod
    def _learn(self, step: Tensors, heard: Heard) -> Row:
        """Learn from a step.

        Args:
            step: numbers (N, D), action (N, ...), logp (N,) and, where the policy can be masked,
                mask (N, choices), of what was done.
            heard: what came of it.

        Returns:
            Figures; the log has their means over the steps that told them.
        """

    @abstractmethod
    def _end(self, over: torch.Tensor) -> None:
        """Nothing that comes is about these episodes any more, unless it may be late; (N,) bool."""

    def _one_update(self) -> Row:
        if self._watched.obs is None:
            self._watched.begin(self._rng.integers(2**31, size=self._watched.rows).tolist())
        rows, played = list[Row](), list[Tensors]()
        for _ in range(self.steps):
            step, actions = self._act()
            heard = self._watched.step(self.policy.playable(actions))
            rows.append({"entropy": -float(step["logp"].mean())} | self._learn(step, heard))
            self._end(torch.from_numpy(heard.over))
            played.append(step)
        return mean(rows) | {"kl": self._moved(played)} | self._watched.figures()

    @torch.no_grad()
    def _moved(self, played: list[Tensors]) -> float:
        """KL of the policy now from what it was at each step of the update, nats per action."""
        whole = {key: torch.cat([step[key] for step in played]) for key in played[0]}
        now = self.policy.evaluate(whole["numbers"], whole["action"], whole.get("mask"))
        return moved(whole["logp"], now.logp)

    def _act(self) -> tuple[Tensors, Any]:
        """What the policy does now, as tensors and as the world's actions."""
        obs, legal, device = self._watched.obs, self._watched.legal, self.policy.device
        acted = self.policy.act(obs, legal)
        step = {
            "numbers": self.policy.read(obs),
            "action": self.policy.head.read(acted.action).to(device),
            "logp": torch.from_numpy(np.asarray(acted.logp)).to(device),
        }
        if self.policy.head.choices:
            everything = np.ones((len(acted.logp), self.policy.head.choices), np.bool_)
            step["mask"] = torch.from_numpy(everything if legal is None else legal).to(device)
        return step, acted.action

    def _evaluation(self) -> Row:
        return {} if self.evaluator is None else self.evaluator(self.policy)

    def _described(self) -> dict[str, Any]:
        sizes = {"parameters": sum(p.numel() for p in self.learned()), "rows": self._watched.rows}
        return (
            {"trainer": type(self).__name__, "world": describe(self.env)} | sizes | self._settings
        )

    def _own_state(self) -> State:
        begun = self._watched.obs is not None
        return {
            "watched": self._watched.get_state() if begun else None,
            "policy": self.policy.get_state(),
            "learned": self._learned_state(),
        }

    def _set_own_state(self, state: State) -> None:
        if state["watched"] is not None:
            self._watched.set_state(state["watched"])
        self.policy.set_state(state["policy"])
        self._set_learned_state(state["learned"])
        if self._watched.obs is None:  # the world could not be saved, and begins anew
            self._end(torch.ones(self._watched.rows, dtype=torch.bool))

    @abstractmethod
    def _learned_state(self) -> State:
        """Parameters and all that the leaf remembers: a fresh copy."""

    @abstractmethod
    def _set_learned_state(self, state: State) -> None:
        """Go back to such a state."""
