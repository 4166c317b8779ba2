"""What the clipped policy losses share: the probability ratio, its clip, and the figures to log.

r = pi(a) / pi_old(a) = exp(logp - old_logp)
L = -min(r A, clip(r, 1 - clip, 1 + clip_high) A)          per position

Source: arXiv:1707.06347 eq. 7; arXiv:2503.14476 eq. 8 (an upper bound of its own).
Differs: log r is cut at +-20 nats. Where exp overflows, the gradient of a clipped
    term would be 0 * inf = NaN. Log-probabilities in half precision are widened to float32.
"""

import torch

from plaudit.agents import kl, masking

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
) -> tuple[torch.Tensor, Stats]:
    """The clipped surrogate per position, and its figures over the selected positions.

    Only `logp` receives a gradient. A position is a token, or a whole answer where T is 1.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B, T) reward units.
        mask: (B, T) bool.
        clip: how far the ratio may fall below 1, in (0, 1].
        clip_high: how far it may rise above 1, above 0; `clip` where None.

    Returns:
        loss: (B, T) reward units, 0 where masked.
        stats: `clip_fraction`, share of positions whose gradient the clip takes away;
            `approx_kl`, k3 estimate of KL(old || new) in nats per position; `ratio_mean`;
            `empty_rows`, number of rows without a selected position.

    Raises:
        ValueError: a selected number is not finite, or a clip is out of range.
        TypeError: the mask is not boolean.
    """
    high = clip if clip_high is None else clip_high
    _require_clip(clip, high)
    masking.require(mask)
    logp = masking.select("logp", logp, mask)
    old_logp = masking.select("old_logp", old_logp, mask).detach()
    advantage = masking.select("advantage", advantage, mask).detach()
    ratio = torch.exp((logp - old_logp).clamp(-kl.MAX_LOG_RATIO, kl.MAX_LOG_RATIO))
    loss = -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + high) * advantage)
    with torch.no_grad():
        bound = ((ratio < 1 - clip) & (advantage < 0)) | ((ratio > 1 + high) & (advantage > 0))
        stats = {
            "clip_fraction": mean(bound, mask),
            "approx_kl": mean(kl.k3(old_logp, logp), mask),
            "ratio_mean": mean(ratio, mask),
            "empty_rows": (~mask.any(dim=1)).sum(),
        }
    return loss, stats


def mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the selected positions, detached, (); for figures, not for losses."""
    return values.detach()[mask].float().mean()


def _require_clip(low: float, high: float) -> None:
    if not 0 < low <= 1:
        raise ValueError(f"clip must lie in (0, 1], got {low}")
    if not 0 < high < float("inf"):
        raise ValueError(f"clip_high must be finite and above 0, got {high}")
