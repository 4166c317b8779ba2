"""Negative log-likelihood: what every supervised stage minimises, whatever chose its rows.

L_t = -w_t log pi(a_t)

| published as | rows and weights |
|---|---|
| supervised fine-tuning | demonstrations |
| RAFT, best-of-N | the best answer of each group |
| ReST, expert iteration | own answers above a threshold; weights 0 or 1, or the rows alone |
| reward-weighted regression | all, weights by reward |
| return-conditioned learning | all, with the return written into the prompt |

Source: arXiv:2203.02155 (supervised fine-tuning); arXiv:2304.06767 (RAFT); arXiv:2308.08998 (ReST).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def nll(
    logp: torch.Tensor,
    mask: torch.Tensor,
    *,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Negative log-likelihood of the chosen tokens; only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that learns.
        mask: (B, T) bool, True where a token is to be learned.
        weights: (B, T) or (B,), factor of the loss at each position or row; none where None. What
            has weight 0 still counts as a position of the mean; to leave it out, mask it.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), nats.
        stats: `logp`, nats per position, unweighted; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, or a selected number is not finite.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2203.02155 (supervised fine-tuning).
    """
    shapes.check(logp=(logp, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    reduce = aggregate(aggregation, length=length)
    logp = masking.select("logp", logp, mask)
    stats = {"logp": base.mean(logp, mask), "empty_rows": base.empty_rows(mask)}
    return reduce(base.weigh(-logp, weights, mask), mask), stats
