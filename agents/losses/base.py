"""What the policy losses share: the probability ratio, its clip, weights, and the figures to log.

r = pi(a) / pi_old(a) = exp(logp - old_logp)
L = -min(r A, clip(r, 1 - clip, 1 + clip_high) A)          per position
L = min(L, -dual_clip A) where A < 0                       if `dual_clip` is given

Source: arXiv:1707.06347 eq. 7; arXiv:2503.14476 eq. 8 (an upper bound of its own);
    arXiv:1912.09729 (dual clip).
Differs: log r is cut at +-20 nats. Where exp overflows, the gradient of a clipped
    term would be 0 * inf = NaN. Log-probabilities in half precision are widened to float32.
"""

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from plaudit.agents import kl, masking, shapes

Stats = dict[str, torch.Tensor]
"""Figures to log, each a detached 0-dim tensor: a float would wait for the device at every step."""


def surrogate(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip: float,
    clip_high: float | None = None,
    dual_clip: float | None = None,
) -> tuple[torch.Tensor, Stats]:
    """The clipped surrogate per position, and its figures over the selected positions.

    Only `logp` receives a gradient. A position is a token, or a whole answer where T is 1.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B, T) reward units.
        mask: (B, T) bool; may select nothing, then the figures are NaN.
        clip: how far the ratio may fall below 1, in (0, 1].
        clip_high: how far it may rise above 1, above 0; `clip` where None.
        dual_clip: largest ratio that counts where the advantage is negative, above 1; or None.

    Returns:
        loss: (B, T) reward units, 0 where masked.
        stats: those of `ratios`; `clip_fraction`, share of positions whose gradient the clip takes
            away; with `dual_clip` also `dual_clip_fraction`, the same of the dual clip.

    Raises:
        ValueError: a selected number is not finite, or a clip is out of range.
    """
    high = clip if clip_high is None else clip_high
    _require_clip(clip, high, dual_clip)
    logp = masking.select("logp", logp, mask)
    old_logp = masking.select("old_logp", old_logp, mask).detach()
    advantage = masking.select("advantage", advantage, mask).detach()
    loss, bound = _clipped(logp, old_logp, advantage, 1 - clip, 1 + high)
    stats: Stats = {}
    if not masking.is_trusted():
        stats = {"clip_fraction": mean(bound, mask), **ratios(logp.detach(), old_logp, mask)[2]}
    if dual_clip is not None:
        worst = torch.where(advantage < 0, -dual_clip * advantage, torch.inf)
        stats = stats and {**stats, "dual_clip_fraction": mean(loss > worst, mask)}
        loss = torch.minimum(loss, worst)
    return loss, stats


def ratios(
    logp: torch.Tensor, old_logp: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, Stats]:
    """Ratios of the two policies per position; only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        mask: (B, T) bool.

    Returns:
        logp: (B, T) nats, 0 where masked.
        ratio: (B, T) pi / pi_old, 1 where masked, cut at exp(+-20).
        stats: `approx_kl`, k3 estimate of KL(old || new) in nats per position; `ratio_mean`;
            `empty_rows`, number of rows without a selected position. None under `trusted`.

    Raises:
        ValueError: a selected number is not finite.
    """
    logp = masking.select("logp", logp, mask)
    old_logp = masking.select("old_logp", old_logp, mask).detach()
    ratio = torch.exp((logp - old_logp).clamp(-kl.MAX_LOG_RATIO, kl.MAX_LOG_RATIO))
    if masking.is_trusted():
        return logp, ratio, {}
    stats = {
        "approx_kl": mean(kl.k3(old_logp, logp.detach()), mask),
        "ratio_mean": mean(ratio, mask),
        "empty_rows": empty_rows(mask),
    }
    return logp, ratio, stats


def weigh(loss: torch.Tensor, weights: torch.Tensor | None, mask: torch.Tensor) -> torch.Tensor:
    """The loss per position times its weight; the number that it is averaged over stays.

    Args:
        loss: (B, T) any unit.
        weights: (B, T) or (B,), or None for the loss as it is; no gradient goes into them.
        mask: (B, T) bool.

    Returns:
        (B, T), 0 where masked if there are weights.

    Raises:
        ValueError: shapes differ, or a selected weight is not finite.
    """
    if weights is None:
        return loss
    shapes.check(mask=(mask, "B T"), weights=(weights, "B" if weights.dim() == 1 else "B T"))
    each = weights.unsqueeze(1).expand_as(mask) if weights.dim() == 1 else weights
    return loss * masking.select("weights", each, mask).detach()


def row_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of each row's selected positions, (B, 1); 0 for a row without any; differentiable.

    Args:
        values: (B, T) any unit, 0 where masked, as `masking.select` leaves them.
        mask: (B, T) bool.
    """
    return values.sum(dim=1, keepdim=True) / mask.sum(dim=1, keepdim=True).clamp(min=1)


def mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the selected positions, detached, (); for figures, not for losses."""
    return values.detach()[mask].float().mean()


def empty_rows(mask: torch.Tensor) -> torch.Tensor:
    """Number of rows without a selected position, ()."""
    return (~mask.any(dim=1)).sum()


def _clipped(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
    found: tuple[torch.Tensor, torch.Tensor] = _Clipped.apply(*inputs)  # type: ignore[no-untyped-call]
    return found


class _Clipped(torch.autograd.Function):
    """The clipped surrogate per position, and where the clip takes the gradient away.

    The gradient is written down, -r A where no clip binds and 0 where one does: autograd would keep
    a dozen tensors and walk back through them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        logp: torch.Tensor,
        old_logp: torch.Tensor,
        advantage: torch.Tensor,
        low: float,
        high: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        distance = logp - old_logp
        ratio = distance.clamp(-kl.MAX_LOG_RATIO, kl.MAX_LOG_RATIO).exp_()
        free, held = ratio * advantage, ratio.clamp_(low, high).mul_(advantage)
        bound = free > held
        ctx.mark_non_differentiable(bound)
        ctx.save_for_backward(free, bound, distance)
        return torch.minimum(free, held).neg_(), bound

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, loss: torch.Tensor, _: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        free, bound, distance = ctx.saved_tensors
        slope = (free * loss).neg_().masked_fill_(bound, 0.0)
        slope.masked_fill_(distance.abs() > kl.MAX_LOG_RATIO, 0.0)
        return slope, None, None, None, None


def _require_clip(low: float, high: float, dual: float | None) -> None:
    if not 0 < low <= 1:
        raise ValueError(f"clip must lie in (0, 1], got {low}")
    if not 0 < high < float("inf"):
        raise ValueError(f"clip_high must be finite and above 0, got {high}")
    if dual is not None and not 1 < dual < float("inf"):
        raise ValueError(f"dual_clip must be finite and above 1, or None, got {dual}")
