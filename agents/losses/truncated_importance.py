"""Importance weights for tokens that an inference engine sampled with other probabilities.

w = pi_old(a) / pi_sampler(a), pi_old as the trainer computes the policy that sampled; per token, or
the product over the answer; then

| mode | weight | published as |
|---|---|---|
| truncate | clip(w, low, cap) | truncated importance sampling (TIS) |
| mask | w where low <= w <= cap, else 0 | IcePop, masked importance sampling |

Losses take the weights as their `weights`.

Source: arXiv:1802.01561 (truncation, V-trace); arXiv:2510.18855 (mask, IcePop); TRL 1.16.
"""

from typing import Literal, get_args

import torch

from plaudit.agents import kl, masking, shapes
from plaudit.agents.losses import base

Level = Literal["token", "sequence"]
Mode = Literal["truncate", "mask"]


def truncated_importance(
    old_logp: torch.Tensor,
    sampler_logp: torch.Tensor,
    mask: torch.Tensor,
    *,
    cap: float = 2.0,
    low: float = 0.0,
    level: Level = "token",
    mode: Mode = "truncate",
) -> tuple[torch.Tensor, base.Stats]:
    """Importance weights from the sampler to the trainer's copy of the same policy.

    Args:
        old_logp: (B, T) nats, as the trainer computes them for the policy that sampled.
        sampler_logp: (B, T) nats, as the sampler reported them.
        mask: (B, T) bool, True where the policy chose the token.
        cap: largest weight, above 0.
        low: least weight, in [0, cap].
        level: a weight per "token", or per "sequence", the same at each of its tokens.
        mode: "truncate" or "mask" what lies outside.

    Returns:
        weights: (B, T) without gradient, 0 where masked.
        stats: `cut_fraction`, share of positions outside; `weight_mean`; `sampler_kl`, k3 estimate
            of KL(sampler || old) in nats per position; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad bound,
            unknown level or mode.
        TypeError: the mask is not boolean.

    Source: arXiv:1802.01561; arXiv:2510.18855 (mask).
    Differs: log w is cut at +-20 nats. TRL gives weight 1 where the sampler's number is NaN; here
        that is an error.
    """
    shapes.check(old_logp=(old_logp, "B T"), sampler_logp=(sampler_logp, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    if level not in get_args(Level) or mode not in get_args(Mode):
        raise ValueError(
            f"level must be one of {', '.join(get_args(Level))} and mode one of "
            f"{', '.join(get_args(Mode))}, got {level!r} and {mode!r}"
        )
    if not (cap > 0 and 0 <= low <= cap):
        raise ValueError(f"expected 0 <= low <= cap and cap above 0, got {low} and {cap}")
    old_logp = masking.select("old_logp", old_logp, mask).detach()
    sampler_logp = masking.select("sampler_logp", sampler_logp, mask).detach()
    log_ratio = old_logp - sampler_logp
    if level == "sequence":
        log_ratio = log_ratio.sum(dim=1, keepdim=True).expand_as(mask)
    ratio = torch.exp(log_ratio.clamp(-kl.MAX_LOG_RATIO, kl.MAX_LOG_RATIO))
    outside = (ratio < low) | (ratio > cap)
    kept = ratio.clamp(low, cap) if mode == "truncate" else torch.where(outside, 0.0, ratio)
    weights = torch.where(mask, kept, 0.0)
    stats = {
        "cut_fraction": base.mean(outside, mask),
        "weight_mean": base.mean(weights, mask),
        "sampler_kl": base.mean(kl.k3(sampler_logp, old_logp), mask),
        "empty_rows": base.empty_rows(mask),
    }
    return weights, stats
