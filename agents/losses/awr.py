"""Advantage-weighted regression: imitate what was done, the more the better it went.

L_t = -min(exp(A_t / temperature), max_weight) log pi(a_t)

The exact maximiser of E[A] - temperature KL(pi || sampler) weighs the sampler by exp(A /
temperature); this is the regression onto it, and takes samples of any policy.

Source: arXiv:1910.00177.
"""

import math

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def awr(
    logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    temperature: float = 1.0,
    max_weight: float = 20.0,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Negative log-likelihood weighted by exponentiated advantages.

    Only `logp` receives a gradient. Where all advantages are 0 this is `nll`: the sampler is
    imitated as it is.

    Args:
        logp: (B, T) nats, under the policy that learns.
        advantage: (B, T) reward units.
        mask: (B, T) bool, True where the sampler chose the token.
        temperature: reward units, above 0; `beta` in the source. Low ones imitate only the best.
        max_weight: where exp(A / temperature) is cut, above 0.
        weights: (B, T) or (B,), further factor of the loss at each position or row; none where
            None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), nats.
        stats: `weight_mean` of exp(A / temperature) as cut; `cut_fraction`, share of positions
            that were; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad
            temperature or maximal weight.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:1910.00177.
    """
    shapes.check(logp=(logp, "B T"), advantage=(advantage, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    for name, setting in (("temperature", temperature), ("max_weight", max_weight)):
        if not 0 < setting < float("inf"):
            raise ValueError(f"{name} must be finite and above 0, got {setting}")
    reduce = aggregate(aggregation, length=length)
    logp = masking.select("logp", logp, mask)
    power = masking.select("advantage", advantage, mask).detach() / temperature
    # Cut before the exponential: beyond 88 nats it is infinite in float32.
    weight = torch.exp(power.clamp(max=math.log(max_weight)))
    stats = {
        "weight_mean": base.mean(weight, mask),
        "cut_fraction": base.mean(power > math.log(max_weight), mask),
        "empty_rows": base.empty_rows(mask),
    }
    return reduce(base.weigh(-weight * logp, weights, mask), mask), stats
