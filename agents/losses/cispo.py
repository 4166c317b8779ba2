"""CISPO: the importance weight is clipped, not the update, so that every token keeps a gradient.

L_it = -stop_gradient(min(r_it, 1 + clip_high)) A_i log pi(a_it)

Source: arXiv:2506.13585.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def cispo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip_high: float = 4.0,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """REINFORCE with a truncated importance weight per token and one advantage per answer.

    Only `logp` receives a gradient. The weight is a constant to it, so the gradient is not the
    derivative of the loss's value.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B,) e.g. of `group`.
        mask: (B, T) bool, True where the policy chose the token.
        clip_high: how far the weight may rise above 1, above 0; 4 is that of arXiv:2510.13786.
        weights: (B, T) or (B,), further factor of the loss at each position or row, e.g. of
            `truncated_importance`; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: ().
        stats: `cut_fraction`, share of positions whose weight was cut; `approx_kl`, `ratio_mean`,
            `empty_rows`, see `base.ratios`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2506.13585.
    Differs: TRL's `epsilon_high` is the bound itself, 1 + clip_high here.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    if not 0 < clip_high < float("inf"):
        raise ValueError(f"clip_high must be finite and above 0, got {clip_high}")
    reduce = aggregate(aggregation, length=length)
    logp, ratio, stats = base.ratios(logp, old_logp, mask)
    each = masking.select("advantage", advantage.unsqueeze(1).expand_as(mask), mask).detach()
    loss = -ratio.detach().clamp(max=1 + clip_high) * each * logp
    stats = {"cut_fraction": base.mean(ratio > 1 + clip_high, mask), **stats}
    return reduce(base.weigh(loss, weights, mask), mask), stats
