"""Greedy baseline (ReMax): an answer against what the policy's greedy answer to the prompt earned.

A_i = r_i - r(greedy answer to the prompt of i)

The greedy answer does not depend on the sampled one, so the policy gradient stays unbiased, and one
sample per prompt is enough.

Source: arXiv:2310.10505 (ReMax).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def greedy_baseline(scores: torch.Tensor, greedy_scores: torch.Tensor) -> torch.Tensor:
    """Scores minus those of the greedy answers to the same prompts, (B,).

    Failed rollouts have no score: leave their rows out.

    Args:
        scores: (B,) reward units, one per sampled answer.
        greedy_scores: (B,) reward units, of the greedy answer to each row's prompt.

    Returns:
        advantage: (B,) reward units, without gradient.

    Raises:
        ValueError: shapes differ, no rows, a score is not finite.

    Source: arXiv:2310.10505.
    """
    shapes.check(scores=(scores, "B"), greedy_scores=(greedy_scores, "B"))
    base.require_finite("scores", scores)
    base.require_finite("greedy_scores", greedy_scores)
    return masking.widen(scores.detach()) - masking.widen(greedy_scores.detach())
