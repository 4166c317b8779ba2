"""What one rollout of steps teaches: passes over it in minibatches, and figures of it afterwards.

Each row of the tensors is a step, (R, 1), or a whole episode, (R, T) with a mask. Where rows are
steps, all of them were chosen and their targets have been looked at, so that losses need not look
again (`masking.trusted`), and small policies on a CPU take the way of `ppo_slopes`.

Source: own design.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed, kl, masking
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.rollout.figures import moved
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.ppo_slopes import PPOSlopes
from plaudit.agents.trainers.step_settings import FAR, StepSettings

Evaluate = Callable[[Tensors], Tensors]
"""Rows -> what is said of them now: logp, entropy and value, in the shape of their mask."""


class StepUpdate:
    """Passes over a rollout.

    Args:
        policy: learns; or a function that says what those who learn together say of rows.
        algorithm: whose loss is descended.
        settings: how often, in how many pieces.
        learner: moves the policy's parameters.
        by_step: whether rows are steps, not episodes.
    """

    def __init__(
        self,
        policy: VectorPolicy | Evaluate,
        algorithm: PolicyGradient,
        settings: StepSettings,
        learner: Learner,
        *,
        by_step: bool,
    ) -> None:
        self._policy, self._algorithm = policy, algorithm
        self._settings, self._learner, self._by_step = settings, learner, by_step
        self._clipped = algorithm.wants("old_logp")
        self._slopes = None
        if by_step and isinstance(policy, VectorPolicy):
            self._slopes = PPOSlopes.of(policy, algorithm, settings)

    def __call__(self, known: Tensors, rows: int, rng: np.random.Generator) -> Row:
        """Learn from a rollout.

        Args:
            known: (R, T, ...) or (R,) tensors under the names that losses take; also `numbers` and
                `actions` as the policy reads them and, where something was illegal, `legal`. R may
                be 0, also on one rank alone.
            rows: nominal number of rows, the same on every rank; says how many minibatches.
            rng: of their order.

        Returns:
            The loss's figures over the whole rollout after the update, without NaN; `kl`, how far
            the update moved the policy; `grad_norm`, mean over steps, and `passes`, those that were
            not cut short by `target_kl`.
        """
        norms, passes = list[torch.Tensor](), 0
        pieces = self._settings.pieces(rows, clipped=self._clipped)
        for _ in range(self._settings.passes(clipped=self._clipped)):
            if not all(self._step(batch, norms) for batch in _minibatches(known, pieces, rng)):
                break
            passes += 1
        figures = self._figures(known) | {"passes": float(passes)}
        return figures | ({"grad_norm": float(torch.stack(norms).mean())} if norms else {})

    def _step(self, batch: Tensors, norms: list[torch.Tensor]) -> bool:
        """One step of the optimiser; False, and no step, where the policy has moved far enough."""
        shares = self._shares(batch["mask"])
        if shares is None:
            return True  # there are more pieces than rows
        self._learner.zero()
        if self._slopes is not None and len(batch["mask"]):
            self._slopes.write_gradient(batch, *shares)
        elif not self._backward(batch, *shares):
            return False
        norms.append(self._learner.step())
        return True

    def _backward(self, batch: Tensors, share: Any, per_step: Any) -> bool:
        mask, settings = batch["mask"], self._settings
        terms, far = list[tuple[torch.Tensor, Any]](), torch.zeros((), device=mask.device)
        if len(mask):  # other ranks may have rows where this one has none
            # Where this trusts too much, the gradient is not finite, which the learner refuses.
            with masking.trusted(self._by_step):
                now = self._now(batch)
                loss, critic, _ = self._algorithm.loss(batch | now)
            terms = [(loss, share)]
            if critic is not None:
                terms.append((critic, per_step))
            if settings.entropy_coef > 0:
                entropy = now["entropy"].sum() / mask.sum()
                terms.append((entropy, -settings.entropy_coef * per_step))
            if settings.target_kl is not None:
                far = per_step * kl.k3(batch["old_logp"], now["logp"].detach())[mask].mean()
        if settings.target_kl and distributed.total(far) > FAR * settings.target_kl:
            return False
        if terms:
            torch.autograd.backward(
                [term for term, _ in terms],
                [torch.as_tensor(weight, dtype=term.dtype) for term, weight in terms],
            )
        return True

    def _now(self, batch: Tensors) -> Tensors:
        """What the policy says of a batch, in the shape of its mask."""
        if not isinstance(self._policy, VectorPolicy):
            return self._policy(batch)
        mask = batch["mask"]
        inputs = [batch[key] for key in ("numbers", "actions", "legal") if key in batch]
        if self._by_step:
            now = self._policy.evaluate(*(tensor[:, 0] for tensor in inputs))
            return {key: value.unsqueeze(1) for key, value in now._asdict().items()}
        now = self._policy.evaluate(*(tensor[mask] for tensor in inputs))
        return {
            key: value.new_zeros(mask.shape).masked_scatter(mask, value)
            for key, value in now._asdict().items()
        }

    @torch.no_grad()
    def _figures(self, known: Tensors) -> Row:
        mask = known["mask"]
        if not len(mask):
            return {}
        now = self._now(known)
        loss, _, stats = self._algorithm.loss(known | now)
        far = moved(known["old_logp"][mask], now["logp"][mask])
        told = {"kl": far, "loss": float(loss), "entropy": float(now["entropy"][mask].mean())}
        told |= {key: float(value) for key, value in stats.items()}
        return {key: value for key, value in told.items() if np.isfinite(value)}

    def _shares(self, mask: torch.Tensor) -> tuple[Any, Any] | None:
        """This rank's share of what the loss is a mean of, and of the steps; None of no rows."""
        if distributed.ranks().size == 1:
            return (1.0, 1.0) if len(mask) else None
        mine = torch.stack([self._algorithm.weights(mask).sum(), mask.sum()]).double()
        whole = distributed.total(mine)
        if whole[1] == 0:
            return None
        share, per_step = (mine / whole).float()
        return share, per_step


def _minibatches(known: Tensors, pieces: int, rng: np.random.Generator) -> list[Tensors]:
    """Random pieces of about equal size; all of them together are the whole."""
    if pieces == 1:
        return [known]
    mask = known["mask"]
    order = torch.from_numpy(rng.permutation(len(mask))).to(mask.device)
    parts = {key: torch.tensor_split(value[order], pieces) for key, value in known.items()}
    return [{key: part[i] for key, part in parts.items()} for i in range(pieces)]
