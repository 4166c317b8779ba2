"""CoinFlip: the control that no learner may learn from."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from plaudit.feedback.asks import Ask
from plaudit.feedback.teachers.choices.base import Choice, Floats


@dataclass(frozen=True)
class CoinFlip(Choice):
    """Every answer is as likely as any other.

    Source: own design.
    """

    blind: ClassVar[bool] = True
    learnable: ClassVar[bool] = False

    def log_cdf(self, x: Any) -> Any:
        raise ValueError("CoinFlip judges nothing; ask for its odds")

    def log_options(self, u: Any) -> Any:
        raise ValueError("CoinFlip judges nothing; ask for its odds")

    def odds(self, ask: Ask, utilities: Floats) -> tuple[Floats, ...]:
        return tuple(np.exp(log_odds) for log_odds in ask.log_random(utilities))
