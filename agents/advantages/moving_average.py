"""Moving average: an answer against the mean of all answers so far, whatever their prompts.

A_i = r_i - share b,   b = mean score of all answers of the training so far, the present ones too

The baseline costs one number and knows nothing of the prompt. Without it (share 0) the gradient is
that of REINFORCE on whole answers, in which what all answers earn alike is noise.

Source: Williams 1992, doi:10.1007/BF00992696; arXiv:2402.14740, equation 5 (b_MA).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def moving_average(
    scores: torch.Tensor, average: torch.Tensor, *, share: float = 1.0
) -> torch.Tensor:
    """Scores minus what answers earned so far, (B,).

    Args:
        scores: (B,) reward units, one per answer.
        average: (B,) reward units, the mean score so far, the same in all rows.
        share: how much of the average is taken off, in [0, 1]; 0 for no baseline.

    Returns:
        advantage: (B,) reward units, without gradient.

    Raises:
        ValueError: shapes differ, no rows, a number is not finite, share out of range.

    Source: arXiv:2402.14740, equation 5.
    """
    shapes.check(scores=(scores, "B"), average=(average, "B"))
    base.require_fractions(share=share)
    base.require_finite("scores", scores)
    base.require_finite("average", average)
    return masking.widen(scores.detach()) - share * average.detach()


class Average:
    """The mean of all scores so far; every score weighs the same.

    Source: arXiv:2402.14740, equation 5.
    """

    def __init__(self) -> None:
        self._total, self._count = 0.0, 0

    def with_scores(self, total: float, count: int) -> float:
        """The mean, after more scores; 0 where there is none so far.

        Args:
            total: their sum, reward units.
            count: how many they are.

        Raises:
            ValueError: the sum is not finite, or there are fewer than 0.
        """
        if count < 0 or not abs(total) < float("inf"):
            raise ValueError(f"expected scores with a finite sum, got {count} that sum to {total}")
        self._total, self._count = self._total + total, self._count + count
        return self._total / self._count if self._count else 0.0

    def get_state(self) -> dict[str, float]:
        """What `set_state` needs to go on from here."""
        return {"total": self._total, "count": float(self._count)}

    def set_state(self, state: dict[str, float]) -> None:
        """Go on from a state that `get_state` gave."""
        self._total, self._count = float(state["total"]), int(state["count"])
