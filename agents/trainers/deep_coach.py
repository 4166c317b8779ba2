r"""Deep COACH: COACH for networks, with windows of steps that are replayed and an entropy bonus.

When something is said, the window of the latest steps is stored with it. Each step of the world
draws m windows and climbs

    1/m sum_windows f * sum_j lambda^j pi(a_j | s_j) / p_j  +  bonus * H(pi(. | s now))

where j counts back from what was done d steps before the judgement, and p_j is the probability with
which it was done. The gradient of a window is its eligibility trace, anew under the present policy.

Source: Arumugam et al. 2019, arXiv:1902.04257, algorithm 1.
Differs: Adam; windows end with their episode; several judgements in one step are one, their sum.
"""

from typing import Unpack

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.credit_window import Tensors
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.replay import Replay
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.agents.rollout.watched import Heard
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.interactive import InteractiveTrainer, Shared
from plaudit.agents.trainers.learner import Learner
from plaudit.envs import limits
from plaudit.envs.types import State


class DeepCoach(InteractiveTrainer):
    """Deep reinforcement learning from policy-dependent human feedback.

    Args:
        env: see `InteractiveTrainer`.
        policy: any VectorPolicy.
        lr: Adam's step size.
        delay: steps by which judgements are late.
        decay: lambda of the eligibility, per step back, 0..1.
        length: steps of a window.
        keep: windows that the buffer holds.
        batch_size: windows per update m.
        entropy_coef: bonus per nat of entropy.
        max_grad_norm: of the clipped gradient, or None.
        **shared: see `InteractiveTrainer`.

    Raises:
        TypeError, ValueError: see `InteractiveTrainer`; a number is out of its range.

    Source: arXiv:1902.04257.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: VectorPolicy,
        *,
        lr: float = 1e-3,
        delay: int = 0,
        decay: float = 0.35,
        length: int = 10,
        keep: int = 10_000,
        batch_size: int = 16,
        entropy_coef: float = 0.01,
        max_grad_norm: float | None = 10.0,
        **shared: Unpack[Shared],
    ) -> None:
        for name, number, least in (
            ("delay", delay, 0),
            ("length", length, 1),
            ("batch_size", batch_size, 1),
        ):
            limits.check_range(name, number, least, np.inf, integer=True)
        limits.check_range("decay", decay, 0, 1)
        limits.check_range("entropy_coef", entropy_coef, 0, np.inf)
        settings = {"lr": [lr, max_grad_norm], "delay": delay, "decay": decay, "length": length}
        settings |= {"replay": [keep, batch_size], "entropy_coef": entropy_coef}
        super().__init__(env, policy, settings, **shared)
        self._learner = Learner([policy], lr=lr, max_grad_norm=max_grad_norm)
        self._delay, self._length, self._batch_size = delay, length, batch_size
        self._discounts = decay ** torch.arange(length, dtype=torch.float32)
        self._bonus, self._buffer = entropy_coef, Replay(keep)
        self._past: list[Tensors] = []  # latest first; "played" is whether a step still counts

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _learn(self, step: Tensors, heard: Heard) -> Row:
        played = torch.ones(len(step["logp"]), dtype=torch.bool, device=self.policy.device)
        self._past = [step | {"played": played}, *self._past][: self._delay + self._length]
        self._store(heard)
        if distributed.total(torch.tensor(len(self._buffer))) == 0:
            return {}
        return self._step()

    def _end(self, over: torch.Tensor) -> None:
        for past in self._past:
            past["played"] = past["played"] & ~over.to(past["played"].device)

    def _store(self, heard: Heard) -> None:
        """Keep a window for each row in which something was said about a step that was played."""
        if len(self._past) <= self._delay:
            return
        window = self._past[self._delay :]
        window = window + [window[-1] | {"played": torch.zeros_like(window[-1]["played"])}] * (
            self._length - len(window)
        )
        rows = torch.from_numpy(heard.judgements > 0).to(self.policy.device) & window[0]["played"]
        if not rows.any():
            return
        stacked = {key: torch.stack([one[key] for one in window], 1)[rows] for key in window[0]}
        said = torch.from_numpy(heard.feedback).float().to(self.policy.device)
        self._buffer.add(stacked | {"said": said[rows]})

    def _step(self) -> Row:
        """One step of Adam on a minibatch of windows and the entropy of what is seen now."""
        self._learner.zero()
        row: Row = {}
        drawn = torch.tensor(self._batch_size if len(self._buffer) else 0)
        whole = distributed.total(torch.stack([drawn, torch.tensor(self._watched.rows)]))
        now = self.policy.evaluate(
            self._past[0]["numbers"], self._past[0]["action"], self._past[0].get("mask")
        )
        goal = self._bonus * now.entropy.sum() / whole[1]
        if len(self._buffer):
            windows = self._buffer.sample(self._batch_size, self._rng)
            praised = self._praised(windows).sum() / whole[0]
            goal, row = goal + praised, {"praised": float(praised.detach())}
        torch.autograd.backward(-goal)
        return row | {"grad_norm": float(self._learner.step())}

    def _praised(self, windows: Tensors) -> torch.Tensor:
        """(m,) what is climbed for each window."""
        flat = {key: value.flatten(0, 1) for key, value in windows.items() if key != "said"}
        now = self.policy.evaluate(flat["numbers"], flat["action"], flat.get("mask"))
        played = windows["played"]
        ratio = torch.exp(torch.where(played, (now.logp - flat["logp"]).view(played.shape), 0.0))
        traced = (self._discounts.to(ratio.device) * played * ratio).sum(1)
        return windows["said"] * traced

    def _learned_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "buffer": self._buffer.get_state(),
            "past": [{key: value.clone() for key, value in one.items()} for one in self._past],
        }

    def _set_learned_state(self, state: State) -> None:
        device = self.policy.device
        self._learner.set_state(state["learner"])
        self._buffer.set_state(state["buffer"], device)
        self._past = [
            {key: value.to(device, copy=True) for key, value in one.items()}
            for one in state["past"]
        ]
