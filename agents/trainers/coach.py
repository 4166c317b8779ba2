r"""COACH: feedback that depends on what the learner does already is an advantage.

    e_k   <- lambda_k e_k + grad log pi(a_{t-d} | s_{t-d})      every step, for each trace k
    theta <- theta + lr * f_t * e_k                             k chosen by the size of f_t

People praise what is better than the learner's habit, and stop once it is habit. Summed up as a
reward that pays mistakes which can be put right again; as the advantage of an actor-critic, whose
critic is the person, it climbs. A judgement heard now is about what was done d steps ago, and, the
larger it is, about what led there.

Source: MacGlashan et al. 2017, arXiv:1701.06049, algorithm 1 (real-time COACH).
Differs: several rows may be watched, and the step is the mean of theirs; an uncertain delay adds
    the mean gradient over the steps that may have been meant; traces end with their episode.
"""

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.credit_window import CreditWindow, Tensors
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.agents.rollout.watched import Heard
from plaudit.agents.trainers.ascent import Ascent
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.interactive import InteractiveTrainer, Shared
from plaudit.envs import limits
from plaudit.envs.types import State
from plaudit.feedback.delays import Delay

TRACES = ((0.0, 0.95),)  # of the paper's feedback of 1; it heard 4 with a decay of 0.9999


class Coach(InteractiveTrainer):
    """Convergent actor-critic by humans.

    Each row keeps a trace as large as the policy for each decay: this is for small policies and few
    rows.

    Args:
        env: see `InteractiveTrainer`.
        policy: any VectorPolicy.
        lr: step size per unit of feedback.
        delay: of the person's judgements, see `CreditWindow`.
        clock: unit of the delay, "steps" or "seconds".
        traces: (least size of feedback, decay lambda per step) of each trace; feedback goes to the
            last one that it is large enough for.
        carry: whether judgements come over into the next episode, as with late="carry".
        **shared: see `InteractiveTrainer`.

    Raises:
        TypeError, ValueError, KeyError: see `InteractiveTrainer` and `CreditWindow`; traces do not
            begin with size 0 or are not in order, or a decay is out of 0..1.

    Source: arXiv:1701.06049, algorithm 1.
    """

    def __init__(
        self,
        env: AnyVector,
        policy: VectorPolicy,
        *,
        lr: float = 0.05,
        delay: Delay = 0,
        clock: str = "steps",
        traces: Sequence[tuple[float, float]] = TRACES,
        carry: bool = False,
        **shared: Unpack[Shared],
    ) -> None:
        self._sizes, self._decays = _checked(traces)
        settings: dict[str, Any] = {"lr": lr, "delay": delay, "clock": clock, "carry": carry}
        settings["traces"] = [list(pair) for pair in traces]
        super().__init__(env, policy, settings, **shared)
        self._ascent, self._carry = Ascent(policy, lr), carry
        self._window = CreditWindow(delay, clock, carry)
        lead = (len(self._decays), self._watched.rows)
        self._traces = [p.new_zeros((*lead, *p.shape)) for p in self._ascent.parameters]

    def learned(self) -> list[torch.Tensor]:
        return list(self._ascent.parameters)

    def _learn(self, step: Tensors, heard: Heard) -> Row:
        self._window.add({key: value for key, value in step.items() if key != "logp"})
        self._extend_traces()
        norm = self._climb(heard.feedback)
        return {} if norm is None else {"step_norm": norm}

    def _end(self, over: torch.Tensor) -> None:
        self._window.end(over)
        if not self._carry and over.any():
            for trace in self._traces:
                trace[:, over] = 0.0

    def _extend_traces(self) -> None:
        """Decay the traces, and add the gradient of what may have been meant now."""
        meant = self._window.meant()
        shares = meant.shares.to(self.policy.device)
        flat = {key: value.flatten(0, 1) for key, value in meant.steps.items()}
        now = self.policy.evaluate(flat["numbers"], flat["action"], flat.get("mask"))
        logp = torch.where(shares > 0, shares * now.logp.view(shares.shape), 0.0).sum(0)
        for k, decay in enumerate(self._decays):
            for trace in self._traces:
                trace[k] *= decay
        for row in torch.nonzero(meant.shares.sum(0))[:, 0].tolist():
            grads = torch.autograd.grad(
                logp[row], self._ascent.parameters, retain_graph=True, allow_unused=True
            )
            for trace, grad in zip(self._traces, grads, strict=True):
                if grad is not None:
                    trace[:, row] += grad

    def _climb(self, feedback: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
        """Step along the traces that the feedback (N,) is large enough for; the step's norm."""
        said = torch.from_numpy(feedback).to(self.policy.device, torch.float32)
        about = torch.tensor([(said != 0).sum(), len(said)], device=said.device)
        spoken, rows = distributed.total(about).tolist()
        if spoken == 0:
            return None
        sizes = torch.tensor(self._sizes, device=said.device)
        trace = (said.abs() >= sizes[:, None]).sum(0) - 1
        weights = torch.nn.functional.one_hot(trace, len(sizes)).T * said / rows
        return self._ascent.step([torch.tensordot(weights, e, dims=2) for e in self._traces])

    def _learned_state(self) -> State:
        return {
            "parameters": self._ascent.get_state(),
            "traces": [trace.clone() for trace in self._traces],
            "window": self._window.get_state(),
        }

    def _set_learned_state(self, state: State) -> None:
        self._ascent.set_state(state["parameters"])
        self._traces = [trace.to(self.policy.device, copy=True) for trace in state["traces"]]
        self._window.set_state(state["window"], self.policy.device)


def _checked(traces: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Sizes and decays of traces."""
    pairs = limits.check_list("traces", traces, "pairs (least size, decay)")
    for pair in pairs:
        limits.check_numbers("traces", pair, 0, np.inf, count=2)
    sizes, decays = [float(size) for size, _ in pairs], [float(decay) for _, decay in pairs]
    if sizes[0] != 0 or sizes != sorted(set(sizes)):
        raise ValueError(f"traces must begin with size 0 and grow, got sizes {sizes}")
    if max(decays) > 1:
        raise ValueError(f"decays of traces must be in 0..1, got {decays}")
    return sizes, decays
