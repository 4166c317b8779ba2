"""Group-relative advantage: an answer against the mean of all answers to the same prompt.

A_i = (r_i - mean of its group) / (s + 1e-4), s the unbiased deviation of the group or the batch

Source: arXiv:2402.03300 section 4.1.2; arXiv:2503.20783 (no division).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def group(scores: torch.Tensor, groups: torch.Tensor, *, std: base.Std = "group") -> torch.Tensor:
    """Scores minus their group's mean, divided by a standard deviation, (B,).

    A group whose scores are all equal, so also a group of one member, gets exactly 0: it has
    nothing to compare. Failed rollouts have no score: leave their rows out.

    Args:
        scores: (B,) reward units, one per answer.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.
        std: whose spread divides: the row's "group", the whole "batch", or "none" at all.

    Returns:
        advantage: (B,) standard deviations, or reward units with "none"; without gradient.

    Raises:
        ValueError: shapes differ, no rows, a score is not finite, unknown `std`.
        TypeError: groups are not int64.

    Source: arXiv:2402.03300 section 4.1.2.
    """
    shapes.check(scores=(scores, "B"), groups=(groups, "B"))
    return base.standardised(masking.widen(scores.detach()), groups, std)
