"""SAPO: a smooth gate in place of PPO's clip, which fades a token out as its ratio leaves 1.

L_it = -(4 / tau) sigmoid(tau (r_it - 1)) A_i,  tau by the sign of A_i

At r = 1 the gradient is that of REINFORCE: 4 sigmoid'(0) = 1.

Source: arXiv:2511.20347.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def sapo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    tau: float = 1.0,
    tau_negative: float = 1.05,
    weights: torch.Tensor | None = None,
    aggregation: str = "sequence_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The gated policy loss per token with one advantage per answer.

    Only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B,) e.g. of `group`.
        mask: (B, T) bool, True where the policy chose the token.
        tau: steepness of the gate where the advantage is above 0; above 0 itself.
        tau_negative: steepness where it is not; above 0.
        weights: (B, T) or (B,), factor of the loss at each position or row, e.g. of
            `truncated_importance`; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: ().
        stats: `approx_kl`, `ratio_mean`, `empty_rows`; see `base.ratios`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad tau.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2511.20347.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    if not (0 < tau < float("inf") and 0 < tau_negative < float("inf")):
        raise ValueError(
            f"tau and tau_negative must be finite and above 0, got {tau} and {tau_negative}"
        )
    reduce = aggregate(aggregation, length=length)
    _, ratio, stats = base.ratios(logp, old_logp, mask)
    each = masking.select("advantage", advantage.unsqueeze(1).expand_as(mask), mask).detach()
    steepness = torch.where(each > 0, tau, tau_negative)
    loss = -torch.sigmoid(steepness * (ratio - 1)) * 4 / steepness * each
    return reduce(base.weigh(loss, weights, mask), mask), stats
