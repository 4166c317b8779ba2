"""Spotting: some steps that stand out are overlooked, and some that don't are marked."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.asks import Mark
from plaudit.feedback.teachers.noises.base import Floats, Noise, Odds, Situation


@dataclass(frozen=True)
class Spotting(Noise):
    """Marks with a recall and a precision, for `Mark`; other questions are left alone.

    A mark that is meant is made with probability `recall`, else the step stays unmarked. A step
    that is meant to stay unmarked is marked with probability

        f = recall * s * (1 - precision) / (precision * (1 - s)),   poor or good evenly,

    so that of all marks made, a share `precision` is meant; s is the share of steps that stand out.

    Source: own design; marks of poor spans: arXiv:2306.01693.

    Args:
        recall: share of the marks meant that are made, in [0, 1].
        precision: share of the marks made that are meant, in (0, 1].
        standing_out: s, in [0, 1); None until it is calibrated.
        center, spread: of the choice, see `Choice`: by these a step stands out.

    Raises:
        ValueError: a share out of its range, or a precision that even marking every step exceeds.
    """

    recall: float
    precision: float
    standing_out: float | None = None
    center: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        limits.keep_numbers(self, recall=(0, 1))
        limits.keep_positive(self, precision=(0, 1))
        if self.standing_out is not None:
            limits.keep_numbers(self, standing_out=(0, 1))
            if self.false_marks > 1.0:
                found = self.recall * self.standing_out
                raise ValueError(
                    f"precision must be at least {found / (found + 1 - self.standing_out):.3g} "
                    f"where {self.standing_out:.3g} of the steps stand out and recall is "
                    f"{self.recall}, got {self.precision}"
                )

    @property
    def false_marks(self) -> float:
        """f: how often a step is marked that should not be."""
        if self.standing_out is None:
            raise ValueError(
                "Spotting does not know yet how many steps stand out: answer a first batch of "
                "queries, or give standing_out"
            )
        unmarked = 1.0 - self.standing_out
        if unmarked == 0.0:
            return 0.0
        odds = self.recall * self.standing_out / unmarked
        return odds * (1.0 - self.precision) / self.precision

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        if not isinstance(situation.query.ask, Mark):
            return odds
        false, missed = self.false_marks, 1.0 - self.recall
        given = np.array(
            [
                [1.0 - false, false / 2, false / 2],
                [missed, self.recall, 0.0],
                [missed, 0.0, self.recall],
            ]
        )
        present = ~np.isnan(situation.utilities)
        pairs = zip(odds.parts, present, strict=True)
        return odds._replace(parts=tuple(part @ given if here else part for part, here in pairs))

    @property
    def calibrated(self) -> bool:
        return self.standing_out is not None

    def calibrate(self, utilities: Floats) -> Self:
        """With the share of these steps, (N,), that lie beyond the thresholds; NaN is no step."""
        away = np.abs(utilities[~np.isnan(utilities)] - self.center)
        return replace(self, standing_out=float(np.mean(away > self.spread / 2)))
