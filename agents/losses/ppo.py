"""PPO: the clipped policy loss per token, and the critic's loss.

policy: L_t = -min(r_t A_t, clip(r_t, 1 - clip, 1 + clip_high) A_t), r_t = pi(a_t) / pi_old(a_t)
        and at most -dual_clip A_t where A_t < 0
value:  L_t = 1/2 max((v_t - R_t)^2, (v_old + clip(v_t - v_old, -c, c) - R_t)^2)

Source: arXiv:1707.06347 eq. 7 (policy); arXiv:1912.09729 (dual clip); arXiv:2005.12729 (value
    clipping).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate, token_mean


def ppo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip: float = 0.2,
    clip_high: float | None = None,
    dual_clip: float | None = None,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The clipped policy loss with one advantage per token.

    Only `logp` receives a gradient; advantages are used as given, not whitened.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B, T) reward units.
        mask: (B, T) bool, True where the policy chose the token.
        clip: how far the ratio may fall below 1, in (0, 1].
        clip_high: how far it may rise above 1; `clip` where None.
        dual_clip: largest ratio that counts where the advantage is negative, above 1; or None.
        weights: (B, T) or (B,), factor of the policy loss at each position or row, e.g. of
            `truncated_importance`; none where None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), reward units.
        stats: `clip_fraction`, `approx_kl`, `ratio_mean`, `empty_rows`, and with `dual_clip`
            `dual_clip_fraction`; see `base.surrogate`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:1707.06347 eq. 7; arXiv:1912.09729 (dual clip).
    Differs: `clip_fraction` counts where the clip takes the gradient away (as TRL), not
        every ratio outside the range (as Stable-Baselines3).
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B T"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    reduce = aggregate(aggregation, length=length)
    loss, stats = base.surrogate(
        logp, old_logp, advantage, mask, clip=clip, clip_high=clip_high, dual_clip=dual_clip
    )
    return reduce(base.weigh(loss, weights, mask), mask), stats


def ppo_value(
    value: torch.Tensor,
    old_value: torch.Tensor,
    returns: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip: float | None = None,
    pessimistic: bool = True,
) -> tuple[torch.Tensor, base.Stats]:
    """Half the mean squared error of the critic, over all selected tokens.

    Args:
        value: (B, T) reward units, of the critic that learns; only it receives a gradient.
        old_value: (B, T) reward units, of the critic when the data were sampled.
        returns: (B, T) reward units, what the critic should have said.
        mask: (B, T) bool, True where the policy chose the token.
        clip: how far the value may move from `old_value`, reward units; None for no clipping.
        pessimistic: with a clip, count the larger of the clipped and the unclipped error; else the
            clipped one, so that a value which went too far gets no gradient at all.

    Returns:
        loss: (), squared reward units; the factor 1/2 is included.
        stats: `clip_fraction`, share of tokens whose gradient the clip takes away;
            `explained_variance`, 1 - Var(R - v) / Var(R), NaN where the returns do not vary.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, clip <= 0.
        TypeError: the mask is not boolean.

    Source: arXiv:2005.12729.
    Differs: Stable-Baselines3 has no 1/2 (its `vf_coef` is 0.5 by default) and is not pessimistic;
        TRL's PPO was as here.
    """
    shapes.check(
        value=(value, "B T"),
        old_value=(old_value, "B T"),
        returns=(returns, "B T"),
        mask=(mask, "B T"),
    )
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be above 0 reward units, or None, got {clip}")
    masking.require(mask)
    value = masking.select("value", value, mask)
    old_value = masking.select("old_value", old_value, mask).detach()
    returns = masking.select("returns", returns, mask).detach()
    if clip is None and masking.is_trusted():
        return 0.5 * torch.nn.functional.mse_loss(value, returns), {}
    error = (value - returns).square()
    bound = torch.zeros_like(mask)
    if clip is not None:
        clipped = old_value + (value - old_value).clamp(-clip, clip)
        clipped_error = (clipped - returns).square()
        if pessimistic:
            bound = clipped_error > error
            error = torch.maximum(error, clipped_error)
        else:
            bound = (value - old_value).abs() > clip
            error = clipped_error
    stats = {
        "clip_fraction": base.mean(bound, mask),
        "explained_variance": _explained_variance(value.detach()[mask], returns[mask]),
    }
    return token_mean(0.5 * error, mask), stats


def _explained_variance(value: torch.Tensor, returns: torch.Tensor) -> torch.Tensor:
    spread = returns.var(correction=0)
    explained = 1 - (returns - value).var(correction=0) / spread
    return torch.where(spread > 0, explained, float("nan"))
