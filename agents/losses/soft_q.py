"""Soft Q-learning on tokens by path consistency: logits are Q-values, paid rewards tie them.

At the optimum of E[sum of rewards] + temperature * entropy, along *any* path (off-policy too):

one step:   V_t = r_t - temperature log pi(a_t) + V_{t+1}
many steps: V_t = sum_{l >= t} (r_l - temperature log pi(a_l))

with V = 0 after the last chosen token. The loss is half the squared residual. In one half the
policy learns and V is the target network's; in the other V learns and the policy is the target's.

Source: arXiv:2106.07704 (path consistency on text); arXiv:1702.08892 (path consistency).
"""

from typing import Literal, get_args

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate
from plaudit.agents.losses.q_values import Choices, choices, following

Consistency = Literal["single", "multi", "both"]


def soft_q(
    logits: torch.Tensor,
    target_logits: torch.Tensor,
    tokens: torch.Tensor,
    rewards: torch.Tensor,
    mask: torch.Tensor,
    *,
    consistency: Consistency = "both",
    temperature: float = 1.0,
    value_share: float = 0.5,
    aggregation: str = "sequence_sum_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Squared violation of path consistency; the tokens may come from anywhere.

    Only `logits` receives a gradient.

    Args:
        logits: (B, T, V) reward units, Q-values of the network that learns.
        target_logits: (B, T, V) reward units, those of its slowly following copy.
        tokens: (B, T) int64, the tokens chosen.
        rewards: (B, T) reward units, at the position they were paid for.
        mask: (B, T) bool, True where a token was chosen.
        consistency: over one step ("single"), to the end ("multi"), or the mean of "both".
        temperature: reward units per nat, above 0; what an answer's entropy is worth.
        value_share: what the half counts in which V learns, in [0, 1]. With 0, the published
            equation, a constant added to a position's Q-values is never learned.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), squared reward units.
        stats: `single_error` and `multi_error`, mean squared residual per position of the half in
            which the policy learns; `value`, mean V of the learning network; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a token outside
            the vocabulary, a bad consistency, temperature or share.
        TypeError: the mask is not boolean, or tokens are not int64.
        KeyError: unknown aggregation.

    Source: arXiv:2106.07704.
    Differs: rewards at any token, not only the last; gamma is 1. The half in which V learns is in
        the authors' code, not in the paper's equations.
    """
    shapes.check(
        logits=(logits, "B T V"),
        target_logits=(target_logits, "B T V"),
        tokens=(tokens, "B T"),
        rewards=(rewards, "B T"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    if consistency not in get_args(Consistency):
        known = ", ".join(get_args(Consistency))
        raise ValueError(f"consistency must be one of {known}, got {consistency!r}")
    if not 0 <= value_share <= 1:
        raise ValueError(f"value_share must be in [0, 1], got {value_share}")
    reduce = aggregate(aggregation, length=length)
    online = choices("logits", logits, tokens, mask, temperature=temperature)
    frozen = target_logits.detach()
    target = choices("target_logits", frozen, tokens, mask, temperature=temperature)
    rewards = masking.select("rewards", rewards, mask).detach()
    policy_half = _squares(online, target.value, rewards, mask)
    value_half = _squares(target, online.value, rewards, mask)
    kept = ("single", "multi") if consistency == "both" else (consistency,)
    loss = torch.zeros_like(rewards)
    for kind in kept:
        each = (1 - value_share) * policy_half[kind] + value_share * value_half[kind]
        loss = loss + 0.5 * each / len(kept)
    stats = {f"{kind}_error": base.mean(square, mask) for kind, square in policy_half.items()}
    stats |= {"value": base.mean(online.value, mask), "empty_rows": base.empty_rows(mask)}
    return reduce(loss, mask), stats


def _squares(
    policy: Choices, value: torch.Tensor, rewards: torch.Tensor, mask: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Squared residuals (B, T) of one step and of all steps to the end."""
    gain = rewards - (policy.q - policy.value)
    to_the_end = gain.flip(1).cumsum(dim=1).flip(1)
    return {
        "single": (gain + following(value, mask) - value).square(),
        "multi": (to_the_end - value).square(),
    }
