"""The KL to a reference as a loss term, and which of its estimators have the right gradient.

For tokens sampled from the policy itself, in expectation:

| estimator | value | gradient |
|---|---|---|
| k1 | KL(pi, ref) | 0: it is a score function; as a penalty in the *reward* it is right |
| k2 | biased | that of KL(pi, ref) |
| k3 | KL(pi, ref) | that of KL(ref, pi), the other direction |

Source: J. Schulman, "Approximating KL Divergence" (2020), joschu.net/blog/kl-approx.html;
    arXiv:2402.03300 eq. 4 (k3 in the loss); the gradients are worked out in the tests.
"""

import torch

from plaudit.agents import kl, masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate
from plaudit.envs.names import nearest


def kl_penalty(
    logp: torch.Tensor,
    ref_logp: torch.Tensor,
    mask: torch.Tensor,
    *,
    estimator: str = "k2",
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The estimated KL(policy || reference), to be added to a policy loss times a coefficient.

    Only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that sampled and learns.
        ref_logp: (B, T) nats, under the reference.
        mask: (B, T) bool, True where the policy chose the token.
        estimator: "k1", "k2" or "k3"; see `plaudit.agents.kl`.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), nats.
        stats: `kl`, k3 in nats per position whatever the estimator; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, or a selected number is not finite.
        TypeError: the mask is not boolean.
        KeyError: unknown estimator or aggregation.

    Source: arXiv:2402.03300 eq. 4 (k3 in the loss); k2 after joschu.net/blog/kl-approx.html.
    """
    shapes.check(logp=(logp, "B T"), ref_logp=(ref_logp, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    if estimator not in kl.ESTIMATORS:
        raise KeyError(f"unknown estimator {estimator!r}{nearest(estimator, kl.ESTIMATORS)}")
    reduce = aggregate(aggregation, length=length)
    logp = masking.select("logp", logp, mask)
    ref_logp = masking.select("ref_logp", ref_logp, mask).detach()
    stats = {
        "kl": base.mean(kl.k3(logp.detach(), ref_logp), mask),
        "empty_rows": base.empty_rows(mask),
    }
    return reduce(kl.ESTIMATORS[estimator](logp, ref_logp), mask), stats
