"""Steps towards chosen rows: what supervised learning and self-training share.

A step goes down the mean loss over rows of all ranks, in pieces that fit into memory; gradients of
the pieces add up to that of the whole.
"""

import torch

from plaudit.agents import distributed
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.base import Row
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.samples import Samples


class Imitation:
    """A loss on rows, and the parameters that it moves.

    Args:
        learner: the policy's parameters.
        algorithm: its loss is gone down; its advantage is read by the trainer, if at all.
        micro_batch: rows per forward pass, or None for all.

    Raises:
        ValueError: `micro_batch` is below 1.

    Source: own design.
    """

    def __init__(
        self, learner: Learner, algorithm: PolicyGradient, micro_batch: int | None = None
    ) -> None:
        if micro_batch is not None and micro_batch < 1:
            raise ValueError(f"micro_batch must be at least 1, got {micro_batch}")
        self.learner, self.algorithm, self.micro_batch = learner, algorithm, micro_batch

    def step(self, samples: Samples, known: Tensors, rows: torch.Tensor) -> Row:
        """One optimiser step.

        Args:
            samples: rows that the policy scores.
            known: more that the loss may ask for, (N, ...) each.
            rows: (b,) int64, those of this rank; may be none.

        Returns:
            Figures of this rank's rows: `loss`, those of the loss, `entropy` in nats per token;
            and `grad_norm`. Nothing where no rank has a row; then nothing moves.
        """
        mine = self.algorithm.weights(samples.mask[rows]).sum()
        whole = distributed.total(mine)
        if not whole:
            return {}
        self.learner.zero()
        stats = self._descend(samples, known, rows, float(mine / whole))
        return stats | {"grad_norm": float(self.learner.step())}

    @torch.no_grad()
    def measure(self, samples: Samples, known: Tensors, rows: torch.Tensor) -> Row:
        """The same figures without a step."""
        return self._descend(samples, known, rows, None)

    def _descend(
        self, samples: Samples, known: Tensors, rows: torch.Tensor, scale: float | None
    ) -> Row:
        """Mean figures of some rows; with a scale, its multiple of their gradient is added."""
        stats: dict[str, torch.Tensor] = {}
        mask = samples.mask[rows]
        weights, tokens = self.algorithm.weights(mask), mask.sum(1)
        places = torch.arange(len(rows), device=rows.device)
        for piece in torch.split(places, self.micro_batch or max(1, len(rows))):
            if not len(piece):
                continue
            some = rows[piece]
            told = samples.told(some) | {"mask": mask[piece]}
            loss, _, figures = self.algorithm.loss({k: v[some] for k, v in known.items()} | told)
            share = weights[piece].sum() / weights.sum()
            if scale is not None:
                torch.autograd.backward(scale * share * loss)
            found = {key: share * value for key, value in (figures | {"loss": loss}).items()}
            found["entropy"] = told["entropy"].sum() / tokens.sum()
            for key, value in found.items():
                stats[key] = stats.get(key, torch.zeros(())) + value.detach().cpu()
        return {key: float(value) for key, value in stats.items()}
