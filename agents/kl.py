"""Estimators of KL(policy || reference) from the log-probabilities of sampled tokens.

With d = log pi_ref(a) - log pi(a) for a token a sampled from pi:
k1 = -d (unbiased, may be negative), k2 = d^2 / 2 (biased, low variance),
k3 = exp(d) - 1 - d (unbiased, never negative).

Source: J. Schulman, "Approximating KL Divergence" (2020), joschu.net/blog/kl-approx.html.
Differs: d is cut at 20 nats in k3, where exp(d) is 4.9e8; one such token would swamp any batch.
    Beyond the cut k3 has no gradient.
"""

from collections.abc import Callable

import torch

from plaudit.agents import shapes

MAX_LOG_RATIO = 20.0  # nats


def k1(logp: torch.Tensor, ref_logp: torch.Tensor) -> torch.Tensor:
    """Log-ratio -d, (B, T), nats; unbiased, negative where the reference likes a token more.

    Args:
        logp: (B, T) nats, the sampling policy's.
        ref_logp: (B, T) nats, the reference's.
    """
    shapes.check(logp=(logp, "B T"), ref_logp=(ref_logp, "B T"))
    return logp - ref_logp


def k2(logp: torch.Tensor, ref_logp: torch.Tensor) -> torch.Tensor:
    """Half the squared log-ratio, (B, T), nats; biased, but its *gradient* is the KL's.

    Args:
        logp: (B, T) nats, the sampling policy's.
        ref_logp: (B, T) nats, the reference's.
    """
    shapes.check(logp=(logp, "B T"), ref_logp=(ref_logp, "B T"))
    return 0.5 * (logp - ref_logp).square()


def k3(logp: torch.Tensor, ref_logp: torch.Tensor) -> torch.Tensor:
    """Bregman form exp(d) - 1 - d, (B, T), nats; unbiased and never negative.

    Args:
        logp: (B, T) nats, the sampling policy's.
        ref_logp: (B, T) nats, the reference's.
    """
    shapes.check(logp=(logp, "B T"), ref_logp=(ref_logp, "B T"))
    # expm1 keeps the digits that exp(d) - 1 loses where the two policies are close.
    distance = (ref_logp - logp).clamp(max=MAX_LOG_RATIO)
    return torch.expm1(distance) - distance


ESTIMATORS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "k1": k1,
    "k2": k2,
    "k3": k3,
}
