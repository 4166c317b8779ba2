"""REINFORCE: log-probabilities weighted by advantages, without a ratio and without a clip.

L_t = -A_t log pi(a_t)

| published as | settings |
|---|---|
| REINFORCE on whole answers | aggregation="sequence_sum_mean" |
| A2C's policy loss | aggregation="token_mean", advantages of `gae` |

Source: Williams 1992, doi:10.1007/BF00992696; arXiv:1602.01783 (A2C).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def reinforce(
    logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    weights: torch.Tensor | None = None,
    aggregation: str = "sequence_sum_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The policy gradient's loss, for samples of the policy itself.

    Only `logp` receives a gradient; the loss's *value* means nothing, its gradient does.

    Args:
        logp: (B, T) nats, under the policy that sampled and learns.
        advantage: (B, T) reward units; used as given, not whitened.
        mask: (B, T) bool, True where the policy chose the token.
        weights: (B, T) or (B,), factor of the loss at each position or row, e.g. of
            `truncated_importance`; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: ().
        stats: `logp`, nats per position; `empty_rows`, number of rows without a position.

    Raises:
        ValueError: shapes differ, all is masked, or a selected number is not finite.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: Williams 1992, doi:10.1007/BF00992696.
    """
    shapes.check(logp=(logp, "B T"), advantage=(advantage, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    reduce = aggregate(aggregation, length=length)
    logp = masking.select("logp", logp, mask)
    loss = -masking.select("advantage", advantage, mask).detach() * logp
    if masking.is_trusted():
        return reduce(base.weigh(loss, weights, mask), mask), {}
    stats = {"logp": base.mean(logp, mask), "empty_rows": base.empty_rows(mask)}
    return reduce(base.weigh(loss, weights, mask), mask), stats
