"""PartialReturn: the rewards of what happened."""

from dataclasses import dataclass

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.teachers.opening import true_rewards
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment


@dataclass(frozen=True)
class PartialReturn(Utility):
    """Discounted sum of the rewards seen: sum_t gamma**t r_t, t = 0 at the segment's first step.

    Source: arXiv:1706.03741, section 2.2.1 (gamma = 1).
    Differs: B-Pref (arXiv:2111.03026) weighs by gamma**(T - 1 - t), so that recent steps count
        most; `recent=True` does so too.

    Args:
        gamma: discount per step, in (0, 1].
        recent: discount the past, not the future.
    """

    gamma: float = 1.0
    recent: bool = False

    def __post_init__(self) -> None:
        limits.keep_positive(self, gamma=(0, 1))
        limits.keep_flags(self, "recent")

    def steps(self, seen: Segment) -> Floats:
        rewards = true_rewards(seen, "PartialReturn")
        if self.gamma == 1.0:
            return rewards
        weights = self.gamma ** np.arange(len(seen))
        return np.asarray((weights[::-1] if self.recent else weights) * rewards)
