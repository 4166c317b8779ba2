"""Optimal reward baseline (OPO): an answer against the length-weighted mean of its group.

A_i = r_i - sum_j len_j r_j / sum_j len_j, j over all answers to the same prompt, i included

The baseline that minimises the gradient's variance weighs rewards by the squared norm of their
gradients; the authors take that to grow with the number of tokens.

Source: arXiv:2505.23585 (OPO).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def optimal_baseline(
    scores: torch.Tensor, mask: torch.Tensor, groups: torch.Tensor
) -> torch.Tensor:
    """Scores minus the length-weighted mean of their group, (B,).

    A group whose scores are all equal, so also a group of one member, gets exactly 0. Failed rows
    (all masked) enter no mean and get 0; their scores are not read. With equal lengths this is
    `group` with std="none".

    Args:
        scores: (B,) reward units, one per answer.
        mask: (B, T) bool, True where the policy chose; its sum along a row is the answer's length.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.

    Returns:
        advantage: (B,) reward units, without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a score is not finite.
        TypeError: the mask is not boolean, groups are not int64.

    Source: arXiv:2505.23585.
    """
    shapes.check(scores=(scores, "B"), mask=(mask, "B T"), groups=(groups, "B"))
    masking.require(mask)
    alive = mask.any(dim=1)
    read = masking.select("scores", scores.unsqueeze(1), alive.unsqueeze(1)).detach()[:, 0]
    lengths = mask.sum(dim=1).to(read.dtype)
    within = base.grouped(read[alive], groups[alive], weights=lengths[alive])
    return base.placed(within.deviation, alive)
