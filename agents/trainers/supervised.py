"""Supervised learning: imitate answers, texts or somebody's actions (behaviour cloning).

Source: arXiv:2203.02155 (supervised fine-tuning); Pomerleau 1991, doi:10.1162/neco.1991.3.1.88
    (behaviour cloning).
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.base import Row, Trainer
from plaudit.agents.trainers.imitation import Imitation
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.samples import Demonstrations, Texts, samples
from plaudit.agents.types import TokenBatch
from plaudit.envs.types import State, generator_from, generator_state, stream


class SupervisedTrainer(Trainer):
    """Minimises the negative log-likelihood of a data set; one update is one minibatch.

    All ranks go through the rows in the same order and share each minibatch.

    Args:
        data: a TokenBatch, (prompt, answer) texts, or Demonstrations.
        policy: is trained in place.
        tokenizer: of texts; the policy's own, under plaudit's protocol or Hugging Face's.
        weights: (N,) factor of each row's loss, or None.
        epochs: passes over the data; a fixed number of updates follows.
        batch_size: rows per update, of all ranks together; at most N.
        micro_batch: rows per forward pass, to save memory, or None for all; gradients add up.
        lr, max_grad_norm, weight_decay: see `Learner`.
        lr_decay: linear decay to this share of `lr` over the planned updates, 0..1.
        held_out: share of rows that are not learned from, 0 to below 1; their loss is in the log
            as `eval/loss`.
        aggregation, length: of the loss, see `losses.aggregate`.
        seed: of what is held out, and of the order.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        TypeError, ValueError: see `samples`; a setting is out of its range, or a weight is missing
            or not finite.

    Source: arXiv:2203.02155 (supervised fine-tuning).
    """

    def __init__(
        self,
        data: TokenBatch | Demonstrations | Texts,
        policy: TokenPolicy | VectorPolicy,
        *,
        tokenizer: Any = None,
        weights: npt.ArrayLike | None = None,
        epochs: int = 1,
        batch_size: int = 64,
        micro_batch: int | None = None,
        lr: float = 1e-3,
        lr_decay: float = 1.0,
        max_grad_norm: float | None = 1.0,
        weight_decay: float = 0.0,
        held_out: float = 0.0,
        aggregation: str = "token_mean",
        length: int | None = None,
        seed: int = 0,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        self._samples = samples(policy, data, tokenizer)
        _check(epochs, batch_size, held_out, lr_decay)
        order = stream(seed, "held out").permutation(len(self._samples))
        self._held_out, self._rows = np.split(order, [int(held_out * len(order))])
        per_epoch = math.ceil(len(self._rows) / batch_size)
        super().__init__(
            updates=epochs * per_epoch, seed=seed, eval_every=eval_every, folder=folder
        )
        self.policy, self.batch_size, self._per_epoch = policy, batch_size, per_epoch
        self._lr_decay = lr_decay
        algorithm = PolicyGradient("group", "nll", aggregation=aggregation, length=length)
        learner = Learner([policy], lr=lr, max_grad_norm=max_grad_norm, weight_decay=weight_decay)
        self._imitation = Imitation(learner, algorithm, micro_batch)
        self._known = {} if weights is None else {"weights": self._checked(weights)}
        self._shuffling = stream(seed, "order")
        self._order = self._rows
        self._settings = {
            "rows": [len(self._rows), len(self._held_out)],
            "batch_size": batch_size,
            "micro_batch": micro_batch,
            "lr": [lr, lr_decay, max_grad_norm, weight_decay],
            "seed": seed,
            **algorithm.described,
        }

    def learned(self) -> list[torch.Tensor]:
        return list(self._imitation.learner.parameters)

    def _one_update(self) -> Row:
        place = self.update % self._per_epoch
        if place == 0:
            self._order = self._shuffling.permutation(self._rows)
        batch = self._order[place * self.batch_size : (place + 1) * self.batch_size]
        rows = self._on_device(batch[self.ranks.rank :: self.ranks.size])
        self._imitation.learner.scale_lr(self.lr_share(self._lr_decay))
        told = self._imitation.step(self._samples, self._known, rows)
        row = {"epoch": float(self.update // self._per_epoch), "rows": float(len(rows))} | told
        if len(rows):
            mask = self._samples.mask[rows]
            row |= {"tokens": float(mask.sum()), "length": float(mask.sum(1).float().mean())}
        return row

    def _evaluation(self) -> Row:
        if not len(self._held_out):
            return {}
        rows = self._on_device(self._held_out)
        return self._imitation.measure(self._samples, self._known, rows)

    def _described(self) -> dict[str, Any]:
        return self._settings | {"parameters": self._imitation.learner.size}

    def _own_state(self) -> State:
        return {
            "learner": self._imitation.learner.get_state(),
            "order": self._order.copy(),
            "shuffling": generator_state(self._shuffling),
        }

    def _set_own_state(self, state: State) -> None:
        self._imitation.learner.set_state(state["learner"])
        self._order = state["order"].copy()
        self._shuffling = generator_from(state["shuffling"])

    def _on_device(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(rows).to(self._samples.mask.device)

    def _checked(self, weights: npt.ArrayLike) -> torch.Tensor:
        given = np.asarray(weights, np.float32)
        if given.shape != (len(self._samples),) or not np.isfinite(given).all():
            raise ValueError(
                f"weights must be {len(self._samples)} finite numbers, one per row, got "
                f"{given.shape} {given.ravel()[:3].tolist()}"
            )
        return torch.from_numpy(given).to(self._samples.mask.device)


def supervised(
    data: TokenBatch | Demonstrations | Texts, policy: TokenPolicy | VectorPolicy, **settings: Any
) -> SupervisedTrainer:
    """A trainer that imitates data; arguments as `SupervisedTrainer`.

    Args:
        data: a TokenBatch, (prompt, answer) texts, or Demonstrations.
        policy: is trained in place.
        **settings: of the trainer.
    """
    return SupervisedTrainer(data, policy, **settings)


def _check(epochs: int, batch_size: int, held_out: float, lr_decay: float) -> None:
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 <= held_out < 1:
        raise ValueError(f"held_out must be a share from 0 to below 1, got {held_out}")
    if not 0 <= lr_decay <= 1:
        raise ValueError(f"lr_decay must be in 0..1, got {lr_decay}")
