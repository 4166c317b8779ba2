r"""TAMER and Deep TAMER: learn what a person would say to each action, and do what is praised most.

A judgement h is heard late. With c_i the odds that step i of the latest ones was meant:

    TAMER        (h - sum_i c_i H(s_i, a_i))^2            one plain step per judgement
    Deep TAMER   sum_i c_i (h - H(s_i, a_i))^2            Adam, and replay of what was said before

The first explains a judgement by the mean of the window, the second each step of the window by the
judgement. Both take feedback for the worth of an action: people who praise by what the learner does
already (`coach`) are learned by `Coach`.

Source: Knox & Stone 2009, doi:10.1145/1597735.1597738; Warnell et al. 2018, arXiv:1709.10163.
"""

from abc import abstractmethod
from typing import Any, Unpack

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.credit_window import CreditWindow, Meant, Tensors
from plaudit.agents.policies.feedback_model import FeedbackModel
from plaudit.agents.replay import Replay
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.agents.rollout.watched import Heard
from plaudit.agents.trainers.ascent import Ascent
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.interactive import InteractiveTrainer, Shared
from plaudit.agents.trainers.learner import Learner
from plaudit.envs import limits
from plaudit.envs.types import State
from plaudit.feedback.delays import Delay


class _Crediting(InteractiveTrainer):
    """Finds out which steps were meant, whenever something is said."""

    policy: FeedbackModel

    def __init__(
        self,
        env: AnyVector,
        policy: FeedbackModel,
        settings: dict[str, Any],
        window: CreditWindow,
        **shared: Unpack[Shared],
    ) -> None:
        if not isinstance(policy, FeedbackModel):
            raise TypeError(f"TAMER trains a FeedbackModel, got {type(policy).__name__}")
        super().__init__(env, policy, settings, **shared)
        self._window = window

    def _learn(self, step: Tensors, heard: Heard) -> Row:
        self._window.add({key: step[key] for key in ("numbers", "action")})
        row = {}
        spoken = distributed.total(torch.tensor(int(heard.judgements.sum())))
        if spoken > 0:
            row = self._fit(self._window.meant(), heard, int(spoken))
        return row | self._replay()

    def _end(self, over: torch.Tensor) -> None:
        self._window.end(over)

    @abstractmethod
    def _fit(self, meant: Meant, heard: Heard, spoken: int) -> Row:
        """Learn from what was heard; `spoken` is the number of judgements on all ranks."""

    def _replay(self) -> Row:
        """Learn from what was heard before."""
        return {}


class Tamer(_Crediting):
    """Training an agent manually via evaluative reinforcement.

    Args:
        env: see `InteractiveTrainer`.
        policy: a `FeedbackModel`; linear, as the source has it, or a network.
        lr: step size.
        delay: of the person's judgements, see `CreditWindow`.
        clock: unit of the delay, "steps" or "seconds".
        carry: whether judgements come over into the next episode, as with late="carry".
        **shared: see `InteractiveTrainer`.

    Raises:
        TypeError, ValueError, KeyError: see `InteractiveTrainer` and `CreditWindow`.

    Source: doi:10.1145/1597735.1597738.
    Differs: of several judgements heard in one step each counts; steps are means over rows.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: FeedbackModel,
        *,
        lr: float = 0.1,
        delay: Delay = 0,
        clock: str = "steps",
        carry: bool = False,
        **shared: Unpack[Shared],
    ) -> None:
        settings = {"lr": lr, "delay": delay, "clock": clock, "carry": carry}
        window = CreditWindow(delay, clock, carry)
        super().__init__(env, policy, settings, window, **shared)
        self._ascent = Ascent(policy, lr)

    def learned(self) -> list[torch.Tensor]:
        return list(self._ascent.parameters)

    def _fit(self, meant: Meant, heard: Heard, spoken: int) -> Row:
        device = self.policy.device
        count = torch.from_numpy(heard.judgements).to(device)
        mean = torch.from_numpy(heard.feedback).to(device) / count.clamp(min=1)
        shares = meant.shares.to(device)
        flat = {key: value.flatten(0, 1) for key, value in meant.steps.items()}
        said = self.policy.said_to(flat["numbers"], flat["action"]).view(shares.shape)
        # A judgement that no remembered step explains teaches nothing.
        weight = count * shares.sum(0)
        error = mean.float() - (shares * said).sum(0)
        loss = (weight * error.square()).sum() / spoken
        grads = torch.autograd.grad(loss, self._ascent.parameters)
        norm = self._ascent.step([-grad / 2 for grad in grads])
        return {"loss": float(loss.detach()), "step_norm": norm}

    def _learned_state(self) -> State:
        return {"parameters": self._ascent.get_state(), "window": self._window.get_state()}

    def _set_learned_state(self, state: State) -> None:
        self._ascent.set_state(state["parameters"])
        self._window.set_state(state["window"], self.policy.device)


class DeepTamer(_Crediting):
    """TAMER with a network, importance weights and a replay buffer of feedback.

    Args:
        env: see `InteractiveTrainer`.
        policy: a `FeedbackModel`.
        lr: Adam's step size.
        delay: of the person's judgements, see `CreditWindow`; the source has 0.2 to 4 seconds.
        clock: unit of the delay, "steps" or "seconds".
        carry: whether judgements come over into the next episode, as with late="carry".
        keep: credited steps that the buffer holds.
        batch_size: of them in a minibatch.
        replay_every: steps of the world between minibatches.
        max_grad_norm: of the clipped gradient, or None.
        **shared: see `InteractiveTrainer`.

    Raises:
        TypeError, ValueError, KeyError: see `InteractiveTrainer` and `CreditWindow`; a number is
            out of its range.

    Source: arXiv:1709.10163.
    Differs: shares of a window add up to 1, see `CreditWindow`; Adam in place of plain steps.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: FeedbackModel,
        *,
        lr: float = 1e-3,
        delay: Delay = 0,
        clock: str = "steps",
        carry: bool = False,
        keep: int = 20_000,
        batch_size: int = 64,
        replay_every: int = 10,
        max_grad_norm: float | None = 10.0,
        **shared: Unpack[Shared],
    ) -> None:
        for name, number in (("batch_size", batch_size), ("replay_every", replay_every)):
            limits.check_range(name, number, 1, np.inf, integer=True)
        settings = {"lr": [lr, max_grad_norm], "delay": delay, "clock": clock, "carry": carry}
        settings["replay"] = [keep, batch_size, replay_every]
        window = CreditWindow(delay, clock, carry)
        super().__init__(env, policy, settings, window, **shared)
        self._learner = Learner([policy], lr=lr, max_grad_norm=max_grad_norm)
        self._buffer, self._batch_size, self._every = Replay(keep), batch_size, replay_every
        self._played = 0

    def learned(self) -> list[torch.Tensor]:
        return list(self._learner.parameters)

    def _fit(self, meant: Meant, heard: Heard, spoken: int) -> Row:
        count = torch.from_numpy(heard.judgements)
        mean = (torch.from_numpy(heard.feedback) / count.clamp(min=1)).float()
        weights = meant.shares * count
        kept = weights > 0
        device = self.policy.device
        credited = {key: value[kept.to(device)] for key, value in meant.steps.items()}
        credited["said"] = mean.expand_as(weights)[kept].to(device)
        credited["weight"] = weights[kept].to(device)
        if len(credited["said"]):
            self._buffer.add(credited)
        return {"loss": self._step(credited)}

    def _replay(self) -> Row:
        self._played += 1
        held = distributed.total(torch.tensor(len(self._buffer)))
        if self._played % self._every or held == 0:
            return {}
        if len(self._buffer):
            return {"replay_loss": self._step(self._buffer.sample(self._batch_size, self._rng))}
        return {"replay_loss": self._step(None)}

    def _step(self, rows: Tensors | None) -> float:
        """One step of Adam on credited steps (none on this rank: None); the weighted error."""
        self._learner.zero()
        weight = torch.zeros(()) if rows is None else rows["weight"].sum().cpu()
        whole = distributed.total(weight)
        loss = torch.zeros(())
        if rows is not None and len(rows["said"]):
            error = rows["said"] - self.policy.said_to(rows["numbers"], rows["action"])
            loss = (rows["weight"] * error.square()).sum() / whole.to(error.device)
            torch.autograd.backward(loss)
        if whole > 0:
            self._learner.step()
        return float(loss.detach())

    def _learned_state(self) -> State:
        return {
            "learner": self._learner.get_state(),
            "window": self._window.get_state(),
            "buffer": self._buffer.get_state(),
            "played": self._played,
        }

    def _set_learned_state(self, state: State) -> None:
        self._learner.set_state(state["learner"])
        self._window.set_state(state["window"], self.policy.device)
        self._buffer.set_state(state["buffer"], self.policy.device)
        self._played = int(state["played"])
