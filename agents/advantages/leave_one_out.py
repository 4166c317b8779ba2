"""Leave-one-out advantage: an answer against the mean of the *other* answers to the same prompt.

A_i = r_i - mean_{j != i} r_j = G / (G - 1) (r_i - mean of the group), G answers per prompt

The baseline does not depend on the answer itself, so the policy gradient stays unbiased.

Source: arXiv:2402.14740 (RLOO); Kool et al. (2019), "Buy 4 REINFORCE samples".
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def leave_one_out(scores: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Scores minus the mean reward of the other members of their group, (B,).

    Failed rollouts have no score: leave their rows out.

    Args:
        scores: (B,) reward units, one per answer.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.

    Returns:
        advantage: (B,) reward units, without gradient; sums to 0 within each group.

    Raises:
        ValueError: shapes differ, no rows, a score is not finite, a group has one member only.
        TypeError: groups are not int64.

    Source: arXiv:2402.14740 (RLOO).
    """
    shapes.check(scores=(scores, "B"), groups=(groups, "B"))
    within = base.grouped(masking.widen(scores.detach()), groups)
    alone = (within.size == 1).nonzero()
    if len(alone) > 0:
        row = int(alone[0])
        raise ValueError(
            f"groups: row {row} is alone in group {int(groups[row])}; leaving one out needs at "
            "least two answers to a prompt"
        )
    return within.deviation * (within.size / (within.size - 1))
