"""Utilities: how much a teacher likes what its lens shows it."""

from dataclasses import dataclass

import numpy as np

from plaudit.feedback.types import Segment


@dataclass(frozen=True)
class PartialReturn:
    """Discounted sum of the rewards seen: sum_t gamma**t r_t, t = 0 at the segment's first step.

    Source: arXiv:1706.03741, section 2.2.1 (gamma = 1).
    Differs: B-Pref (arXiv:2111.03026) weighs by gamma**(T - 1 - t), so that recent steps count
        most; here the first do, as in a return.

    Args:
        gamma: discount per step, in (0, 1].
    """

    gamma: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.gamma <= 1.0:
            raise ValueError(f"gamma must be in (0, 1], got {self.gamma}")

    def __call__(self, seen: Segment) -> float:
        if seen.rewards is None:
            raise ValueError(f"PartialReturn needs a lens that opens the rewards of {seen.ref}")
        if self.gamma == 1.0:
            return float(np.sum(seen.rewards))
        return float(np.sum(self.gamma ** np.arange(len(seen)) * seen.rewards))
