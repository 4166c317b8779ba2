"""GSPO: PPO's clip on one ratio per answer, the geometric mean of its tokens' ratios.

s_i = (prod_t pi(a_it) / pi_old(a_it)) ^ (1 / tokens of i)
L_i = -min(s_i A_i, clip(s_i, 1 - clip, 1 + clip_high) A_i)

| published as | settings |
|---|---|
| GSPO | aggregation="sequence_mean" |
| LUSPO | aggregation="sequence_sum_mean": an answer counts by its length |

Source: arXiv:2507.18071 (GSPO); arXiv:2602.05261 (LUSPO).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def gspo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip: float = 3e-4,
    clip_high: float | None = None,
    weights: torch.Tensor | None = None,
    aggregation: str = "sequence_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The clipped policy loss with one length-normalised ratio and one advantage per answer.

    Only `logp` receives a gradient. With one token per answer this is `grpo`.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B,) e.g. of `group`.
        mask: (B, T) bool, True where the policy chose the token.
        clip: how far an answer's ratio may fall below 1, in (0, 1]. A mean over tokens moves far
            less than one token does, hence the small default; published: 3e-4, `clip_high` 4e-4.
        clip_high: how far it may rise above 1; `clip` where None.
        weights: (B, T) or (B,), factor of the loss at each position or row, e.g. of
            `truncated_importance`; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`; every token carries its answer's loss.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: ().
        stats: `clip_fraction`, `approx_kl` (of the mean log-ratio, nats per token), `ratio_mean`,
            `empty_rows`; over answers, see `base.surrogate`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2507.18071.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    reduce = aggregate(aggregation, length=length)
    loss, stats = base.surrogate(
        base.row_mean(masking.select("logp", logp, mask), mask),
        base.row_mean(masking.select("old_logp", old_logp, mask), mask),
        advantage.unsqueeze(1),
        mask.any(dim=1, keepdim=True),
        clip=clip,
        clip_high=clip_high,
    )
    return reduce(base.weigh(loss.expand_as(mask), weights, mask), mask), stats
