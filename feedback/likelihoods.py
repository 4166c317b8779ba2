"""The likelihood of an answer given utilities: one loss for every kind of ask.

The torch twin of `teachers.choices.Boltzmann`, equal to its odds to 1e-6; `scale` is its beta.
Compare: log softmax of scale * u, with Davidson's tie where `ask.ties`. Rate: ordinal logit.
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
    lapse: float = 0.0,
) -> torch.Tensor:
    """Log-probability of answers, (B,), nats, 0 where masked; differentiable in the utilities.

    With a lapse, P becomes (1 - lapse) P + lapse / (number of answers).

    Source: doi:10.1093/biomet/39.3-4.324 (Compare), doi:10.1080/01621459.1970.10481082 (ties),
        doi:10.1111/j.2517-6161.1980.tb01109.x (Rate).

    Args:
        ask: what was asked in every row.
        answers: (B,) int64, in stored order.
        utilities: (B, K) of the segments, K = ask.segments.
        mask: (B,) bool, False where there is no answer (a skip); None for all.
        scale: rationality beta, >= 0.
        tie: Davidson's weight, > 0 where an answer is a tie.
        center: see `Rate.thresholds`.
        spread: see `Rate.thresholds`.
        lapse: share of answers given at random, in [0, 1); a share m of reversed comparisons is
            a lapse of 2 m.

    Raises:
        ValueError: wrong shapes, an answer outside `ask.space`, or a tie while `tie` is 0.
    """
    _check_shapes(ask, answers, utilities, mask)
    kept = torch.ones_like(answers, dtype=torch.bool) if mask is None else mask
    _check_settings(scale, tie, spread, lapse)
    chosen = torch.where(kept, answers, 0)
    _check_answers(ask, chosen, tie)
    if isinstance(ask, Compare):
        table = _compare(ask, utilities, scale, tie)
    else:
        table = _rate(ask, utilities[:, 0], scale, center, spread)
    logp = table.gather(1, chosen[:, None])[:, 0]
    if lapse > 0.0:
        random = torch.full_like(logp, math.log(lapse / int(ask.space.n)))
        logp = torch.logaddexp(logp + math.log1p(-lapse), random)
    return torch.where(kept, logp, torch.zeros_like(logp))


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


def _check_answers(ask: Ask, answers: torch.Tensor, tie: float) -> None:
    size = int(ask.space.n)
    if not bool(((answers >= 0) & (answers < size)).all()):
        raise ValueError(f"answers to {ask.kind!r} must be in 0..{size - 1}")
    if isinstance(ask, Compare) and tie == 0.0 and bool((answers == 2).any()):
        raise ValueError("a tie has probability 0 under tie=0; give tie > 0")


def _check_settings(scale: float, tie: float, spread: float, lapse: float) -> None:
    if not 0.0 <= lapse < 1.0:
        raise ValueError(f"lapse must be in [0, 1), got {lapse}")
    if scale < 0.0 or tie < 0.0 or spread <= 0.0:
        raise ValueError(f"need scale >= 0, tie >= 0, spread > 0; got {scale}, {tie}, {spread}")
