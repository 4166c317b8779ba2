"""A policy-gradient loss anchored to demonstrations, which stand in rows of the same batch.

own rows:          L_t = -min(r_t A_t, clip(r_t, 1 - clip, 1 + clip_high) A_t)
demonstrated rows: L_t = -coef log pi(a_t)
both times a weight per token, e.g. high where an edit corrected the answer (RLMEC).

Source: arXiv:2401.06081 (RLMEC); arXiv:1709.10089 (policy gradients with demonstrations).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def imitation(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    demonstrated: torch.Tensor,
    mask: torch.Tensor,
    *,
    coef: float = 1.0,
    clip: float = 0.2,
    clip_high: float | None = None,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """PPO's loss on the policy's own rows, negative log-likelihood on demonstrated ones.

    Only `logp` receives a gradient. Without demonstrations this is `ppo`; without own rows `nll`
    times `coef`.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled; not read in demonstrated rows.
        advantage: (B, T) reward units; not read in demonstrated rows.
        demonstrated: (B,) bool, True where a row is a demonstration.
        mask: (B, T) bool, True where a token was chosen.
        coef: what a demonstrated token weighs, reward units per nat, at least 0.
        clip: how far the ratio may fall below 1, in (0, 1].
        clip_high: how far it may rise above 1; `clip` where None.
        weights: (B, T) or (B,), factor of the loss at each position or row; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`, over all rows together.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), reward units.
        stats: of the own rows `clip_fraction`, `approx_kl`, `ratio_mean`; of the demonstrated ones
            `nll`, nats per position, unweighted; NaN where there are no such rows; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip or
            coefficient.
        TypeError: the mask or `demonstrated` is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2401.06081.
    Differs: RLMEC averages its two terms over their own tokens, and stops the gradient through the
        clipped ratio; here all tokens share one mean, so that minibatches add up.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B T"),
        demonstrated=(demonstrated, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    if demonstrated.dtype != torch.bool:
        raise TypeError(f"demonstrated: expected torch.bool, got {demonstrated.dtype}")
    if not 0 <= coef < float("inf"):
        raise ValueError(f"coef must be finite and at least 0, got {coef}")
    reduce = aggregate(aggregation, length=length)
    shown, own = mask & demonstrated.unsqueeze(1), mask & ~demonstrated.unsqueeze(1)
    policy, stats = base.surrogate(logp, old_logp, advantage, own, clip=clip, clip_high=clip_high)
    likelihood = masking.select("logp", logp, shown)
    stats |= {"nll": base.mean(-likelihood, shown), "empty_rows": base.empty_rows(mask)}
    return reduce(base.weigh(policy - coef * likelihood, weights, mask), mask), stats
