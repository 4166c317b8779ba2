"""GRPO: PPO's clipped loss per token with one advantage per answer, and a KL term if wished.

L_it = -min(r_it A_i, clip(r_it, 1 - clip, 1 + clip_high) A_i) + beta k3(pi, pi_ref)_it

| published as | settings |
|---|---|
| GRPO | aggregation="sequence_mean" |
| BNPO; DAPO on one batch | aggregation="token_mean" (DAPO: clip_high=0.28) |
| Dr. GRPO | aggregation="fixed_length_mean", length=longest answer; advantages with std="none" |
| two-sided clip (`delta` in TRL) | dual_clip=delta, above 1 + clip_high |

Source: arXiv:2402.03300 eq. 3-4; arXiv:2503.14476 eq. 8; arXiv:2503.20783; arXiv:2505.07291
    (two-sided clip).
"""

import torch

from plaudit.agents import kl, masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate


def grpo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    ref_logp: torch.Tensor | None = None,
    beta: float = 0.0,
    unbiased_kl: bool = False,
    clip: float = 0.2,
    clip_high: float | None = None,
    dual_clip: float | None = None,
    weights: torch.Tensor | None = None,
    aggregation: str = "sequence_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The clipped policy loss per token with one advantage per answer, plus beta * k3.

    Only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B,) e.g. of `group`.
        mask: (B, T) bool, True where the policy chose the token.
        ref_logp: (B, T) nats, under the reference policy; with beta 0 it is only reported.
        beta: weight of the KL term, reward units per nat, at least 0.
        unbiased_kl: multiply the KL term by the ratio. In expectation over what `old_logp` sampled,
            its value and its gradient are then those of the token's KL(pi, pi_ref).
        clip: how far the ratio may fall below 1, in (0, 1].
        clip_high: how far it may rise above 1; `clip` where None.
        dual_clip: largest ratio that counts where the advantage is negative, above 1; or None.
        weights: (B, T) or (B,), factor of the policy loss at each position or row, e.g. of
            `truncated_importance`; none where None. The KL term is not weighted.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: ().
        stats: `clip_fraction`, `approx_kl`, `ratio_mean`, `empty_rows` (see `base.surrogate`),
            `dual_clip_fraction` with `dual_clip`, and `kl`, k3 to the reference in nats per token,
            where `ref_logp` is given.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip,
            beta is negative or comes without `ref_logp`.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2402.03300 eq. 3-4; arXiv:2512.02556 (`unbiased_kl`).
    Differs: TRL 1.16 has `unbiased_kl` on by default (`use_bias_correction_kl`); the paper of GRPO
        does not have it. A KL term in the loss does not maximise E[reward] - beta KL: a token
        gets no credit for where it leads. For that, put the KL in the reward.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B"),
        mask=(mask, "B T"),
        **({} if ref_logp is None else {"ref_logp": (ref_logp, "B T")}),
    )
    masking.require(mask)
    _require_beta(beta, ref_logp)
    reduce = aggregate(aggregation, length=length)
    each = advantage.unsqueeze(1).expand_as(mask)
    loss, stats = base.surrogate(
        logp, old_logp, each, mask, clip=clip, clip_high=clip_high, dual_clip=dual_clip
    )
    loss = base.weigh(loss, weights, mask)
    if ref_logp is not None:
        reference = masking.select("ref_logp", ref_logp, mask).detach()
        penalty = kl.k3(masking.select("logp", logp, mask), reference)
        stats["kl"] = base.mean(penalty, mask)
        if unbiased_kl:
            penalty = penalty * base.ratios(logp, old_logp, mask)[1]
        if beta > 0:
            loss = loss + beta * penalty
    return reduce(loss, mask), stats


def _require_beta(beta: float, ref_logp: torch.Tensor | None) -> None:
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be finite and at least 0, got {beta}")
    if beta > 0 and ref_logp is None:
        raise ValueError(f"beta={beta} needs ref_logp, the reference's log-probabilities (B, T)")
