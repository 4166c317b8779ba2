"""REINFORCE++: returns to go, normalised over all chosen positions of the batch.

A = (R - mean R) / sqrt(var R + 1e-8), mean and unbiased variance over the chosen positions

R is the return to go. With baseline="group" it is the row's score minus the mean score of its
group instead, the same at all positions of the row.

Source: arXiv:2501.03262 (REINFORCE++ and REINFORCE++-baseline).
"""

from typing import Literal, get_args

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base

EPSILON = 1e-8  # squared reward units, added to the variance, as verl
Baseline = Literal["none", "group"]


def reinforce_plus_plus(
    rewards: torch.Tensor,
    mask: torch.Tensor,
    *,
    groups: torch.Tensor | None = None,
    gamma: float = 1.0,
    baseline: Baseline = "none",
) -> torch.Tensor:
    """Returns with mean 0 and variance 1 over the batch, (B, T).

    Where all returns are equal, all advantages are exactly 0. With the group baseline a lone row
    of its group starts from 0 before normalising, and failed rows (all masked) enter no mean.

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        mask: (B, T) bool, True where the policy chose.
        groups: (B,) int64, rows with equal numbers answer the same prompt; read only by
            baseline="group".
        gamma: discount per chosen position, in [0, 1]; 1 with baseline="group", which credits the
            whole score to every position.
        baseline: what is subtracted before normalising: "none", or the mean score of the "group".

    Returns:
        advantage: (B, T) standard deviations, 0 where masked, without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, gamma out of
            range, unknown baseline, the group baseline without groups.
        TypeError: the mask is not boolean, groups are not int64.

    Source: arXiv:2501.03262.
    """
    shapes.check(rewards=(rewards, "B T"), mask=(mask, "B T"), **base.present(groups=(groups, "B")))
    base.require_fractions(gamma=gamma)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    if baseline == "group":
        returns = _against_group(rewards, mask, groups, gamma)
    elif baseline == "none":
        returns = base.backward_sum(rewards, mask, gamma)
    else:
        raise ValueError(f"baseline must be one of {', '.join(get_args(Baseline))}: {baseline!r}")
    chosen = returns[mask]
    above = chosen - chosen.min()  # equal returns then deviate by exactly 0
    deviation = above - above.mean()
    variance = deviation.square().sum() / max(len(deviation) - 1, 1)
    return base.placed(deviation / (variance + EPSILON).sqrt(), mask)


def _against_group(
    rewards: torch.Tensor, mask: torch.Tensor, groups: torch.Tensor | None, gamma: float
) -> torch.Tensor:
    if groups is None:
        raise ValueError("baseline='group' needs groups (B,) int64, got None")
    if gamma != 1:
        raise ValueError(f"baseline='group' credits whole scores: gamma must be 1, got {gamma}")
    alive = mask.any(dim=1)
    within = base.grouped(rewards.sum(dim=1)[alive], groups[alive])
    return base.placed(within.deviation, alive).unsqueeze(1).expand_as(rewards)
