"""Group weights: data groups on which a policy does badly count more, and may move further.

w_g <- w_g exp(rate loss_g) / sum_h w_h exp(rate loss_h)

Groups here are kinds of data (domains, tasks, difficulties), numbered 0 .. G - 1, not answers to
one prompt. Ascending in the weights while the policy descends in its loss makes the *worst* group
as good as it can be, instead of the average.

Source: arXiv:2310.11971 (group invariant learning); weights by exponentiated gradient as
    arXiv:1911.08731 (group DRO).
Differs: the groups are given and not inferred by maximising the variance of their returns. The
    paper says that challenging groups get more room to explore; the form of `kl_coefficients` is
    our own design.
"""

import math

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base

TOLERANCE = 1e-4  # how far weights may be from summing to 1


def adapt(weights: torch.Tensor, losses: torch.Tensor, *, rate: float) -> torch.Tensor:
    """Weights moved towards the groups with the largest losses, (G,), sum 1, without gradient.

    Args:
        weights: (G,) at least 0, sum 1; begin with 1 / G each. A weight of 0 stays 0.
        losses: (G,) any unit, mean loss of each group, e.g. minus its mean score. For a group that
            is not in the batch give its last known loss.
        rate: per unit of loss, at least 0; with 0 nothing moves.

    Raises:
        ValueError: shapes differ, a number is not finite, weights are no distribution, a bad rate.

    Source: arXiv:1911.08731.
    """
    shapes.check(weights=(weights, "G"), losses=(losses, "G"))
    _require_distribution(weights)
    base.require_finite("losses", losses)
    if not 0 <= rate < math.inf:
        raise ValueError(f"rate must be finite and at least 0, got {rate}")
    logits = masking.widen(weights.detach()).log() + rate * masking.widen(losses.detach())
    return torch.softmax(logits, dim=0)


def weigh(values: torch.Tensor, groups: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Values, e.g. advantages, whose plain mean is the weighted mean of the groups' means, (B,).

    v_i w_g B / n_g, n_g rows of group g in the batch. With equal weights and all groups equally
    often present nothing changes. Groups missing from the batch are missing from the mean.

    Args:
        values: (B,) any unit.
        groups: (B,) int64, the number of each row's group, 0 .. G - 1.
        weights: (G,) at least 0, sum 1.

    Raises:
        ValueError: shapes differ, a number is not finite, weights are no distribution, a group
            without a weight.
        TypeError: groups are not int64.

    Source: arXiv:1911.08731.
    """
    shapes.check(values=(values, "B"), groups=(groups, "B"), weights=(weights, "G"))
    base.require_int64("groups", groups)
    base.require_finite("values", values)
    _require_distribution(weights)
    strange = (groups < 0) | (groups >= len(weights))
    if bool(strange.any()):
        row = int(strange.nonzero()[0])
        raise ValueError(
            f"groups: row {row} is of group {int(groups[row])}; expected 0 to {len(weights) - 1}, "
            "the groups that have weights"
        )
    values = masking.widen(values.detach())
    rows = torch.bincount(groups, minlength=len(weights)).to(values.dtype)
    return values * (weights.detach().to(values.dtype) * len(values) / rows.clamp(min=1))[groups]


def kl_coefficients(weights: torch.Tensor, *, coefficient: float) -> torch.Tensor:
    """A KL penalty of its own for each group, (G,): less for groups that weigh more.

    coefficient (1 - w_g) G / (G - 1): the mean over groups is the coefficient, all have it while
    weights are equal, and a group that has all the weight is free to explore. One group alone has
    the coefficient.

    Args:
        weights: (G,) at least 0, sum 1.
        coefficient: reward units per nat, finite and at least 0.

    Raises:
        ValueError: weights are no distribution, a bad coefficient.

    Source: own design, after arXiv:2310.11971.
    """
    shapes.check(weights=(weights, "G"))
    _require_distribution(weights)
    if not 0 <= coefficient < math.inf:
        raise ValueError(f"coefficient must be finite and at least 0, got {coefficient}")
    wide, number = masking.widen(weights.detach()), len(weights)
    if number == 1:
        return torch.full_like(wide, coefficient)
    return coefficient * (1 - wide) * number / (number - 1)


def _require_distribution(weights: torch.Tensor) -> None:
    base.require_finite("weights", weights)
    if bool((weights < 0).any()) or abs(float(weights.sum()) - 1) > TOLERANCE:
        raise ValueError(f"weights: expected at least 0 each and 1 in all, got {weights.tolist()}")
