"""The likelihood of an answer given utilities: one loss for every kind of ask.

The torch twin of `teachers.choices.Boltzmann`, equal to its odds to 1e-6; `scale` is its beta.
"""

import math

import torch
from torch.nn.functional import logsigmoid

from plaudit.feedback.types import Ask, Compare, Rate


def log_prob(
    ask: Ask,
    answers: torch.Tensor,
    utilities: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    scale: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
) -> torch.Tensor:
    """Log-probability of answers, nats, differentiable in the utilities.

    Compare: log softmax of scale * u, with Davidson's tie where `ask.ties`. Rate: ordinal logit.

    Source: Bradley and Terry 1952, doi:10.1093/biomet/39.3-4.324; Davidson 1970,
        doi:10.1080/01621459.1970.10481082; McCullagh 1980,
        doi:10.1111/j.2517-6161.1980.tb01109.x.

    Args:
        ask: what was asked in every row.
        answers: (B,) int64 indices in stored order.
        utilities: (B, K) of the segments, K = ask.segments.
        mask: (B,) bool, False where there is no answer (a skip); None for all.
        scale: rationality beta, >= 0.
        tie: Davidson's weight, > 0 where an answer is a tie.
        center: utility in the middle of a rating's scale.
        spread: utility between neighbouring thresholds of a rating, > 0.

    Returns:
        (B,), 0 where masked.

    Raises:
        ValueError: wrong shapes, an answer outside `ask.space`, or a tie while `tie` is 0.
    """
    _check_shapes(ask, answers, utilities, mask)
    if scale < 0.0 or tie < 0.0 or spread <= 0.0:
        raise ValueError(f"need scale >= 0, tie >= 0, spread > 0; got {scale}, {tie}, {spread}")
    kept = torch.ones_like(answers, dtype=torch.bool) if mask is None else mask
    answers = torch.where(kept, answers, 0)
    if not bool(((answers >= 0) & (answers < int(ask.space.n))).all()):
        raise ValueError(f"answers to {ask.kind!r} must be in 0..{int(ask.space.n) - 1}")
    if isinstance(ask, Compare):
        table = _compare(ask, utilities, scale, tie)
        if ask.ties and tie == 0.0 and bool((answers == 2).any()):
            raise ValueError("a tie has probability 0 under tie=0; give tie > 0")
    else:
        table = _rate(ask, utilities[:, 0], scale, center, spread)
    chosen = table.gather(1, answers[:, None])[:, 0]
    return torch.where(kept, chosen, torch.zeros_like(chosen))


def _compare(ask: Compare, utilities: torch.Tensor, scale: float, tie: float) -> torch.Tensor:
    half = scale * (utilities[:, 0] - utilities[:, 1]) / 2
    weights = [half, -half]
    if ask.ties and tie > 0.0:
        weights.append(torch.full_like(half, math.log(tie)))
    return torch.log_softmax(torch.stack(weights, 1), 1)


def _rate(
    ask: Rate, utility: torch.Tensor, scale: float, center: float, spread: float
) -> torch.Tensor:
    """Log-odds of the levels, by sigmoid(x) - sigmoid(y) = s(x) s(-y) (1 - exp(y - x))."""
    edges = torch.as_tensor(ask.thresholds(center, spread), dtype=utility.dtype)
    below = scale * (edges.to(utility.device) - utility[:, None])
    none = torch.zeros_like(utility)[:, None]
    table = torch.cat([logsigmoid(below), none], 1) + torch.cat([none, logsigmoid(-below)], 1)
    if ask.levels == 2:
        return table
    width = scale * spread
    between = math.log(-math.expm1(-width)) if width > 0.0 else -math.inf
    table[:, 1:-1] += between
    return table


def _check_shapes(
    ask: Ask, answers: torch.Tensor, utilities: torch.Tensor, mask: torch.Tensor | None
) -> None:
    if utilities.dim() != 2 or utilities.shape[1] != ask.segments:
        raise ValueError(
            f"utilities of {ask.kind!r} must be (B, {ask.segments}), got {tuple(utilities.shape)}"
        )
    for name, tensor in {"answers": answers, "mask": mask}.items():
        if tensor is not None and tensor.shape != utilities.shape[:1]:
            raise ValueError(
                f"{name} must be ({len(utilities)},) like utilities, got {tuple(tensor.shape)}"
            )
