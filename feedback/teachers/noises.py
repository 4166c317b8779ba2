"""Noises: what comes between the answer meant and the answer given.

Each maps exact odds to exact odds, (answers + 1,) with the last cell for a skip, so a teacher's
`probs` stay exact however many are stacked. What was skipped stays skipped.
"""

from dataclasses import dataclass

import numpy as np

from plaudit.feedback.teachers.base import Probs
from plaudit.feedback.types import Compare, Query


@dataclass(frozen=True)
class Mistake:
    """With probability `rate` the answer is reversed: first and second, or the scale, swapped.

    A tie and the middle of a scale stay what they are.

    Source: arXiv:2111.03026, "mistake" (B-Pref, 0.1 there).
    """

    rate: float

    def __post_init__(self) -> None:
        _check_rate("Mistake", self.rate)

    def __call__(self, probs: Probs, query: Query) -> Probs:
        reversed_ = probs.copy()
        swapped = 2 if isinstance(query.ask, Compare) else len(probs) - 1
        reversed_[:swapped] = probs[:swapped][::-1]
        return (1.0 - self.rate) * probs + self.rate * reversed_


@dataclass(frozen=True)
class Lapse:
    """With probability `rate` attention lapses and any answer is as likely as any other.

    Source: arXiv:1706.03741, section 2.2.3 (10 % uniform answers).
    """

    rate: float

    def __post_init__(self) -> None:
        _check_rate("Lapse", self.rate)

    def __call__(self, probs: Probs, query: Query) -> Probs:
        answered = 1.0 - probs[-1]
        uniform = np.full(len(probs) - 1, answered / (len(probs) - 1))
        return np.append((1.0 - self.rate) * probs[:-1] + self.rate * uniform, probs[-1])


@dataclass(frozen=True)
class Skip:
    """With probability `rate` the question is skipped, whatever it asks about.

    Source: own design.
    Differs: B-Pref (arXiv:2111.03026) skips pairs that are both poor, by a threshold that its
        code squares after the first session and that is inactive for negative returns.
    """

    rate: float

    def __post_init__(self) -> None:
        _check_rate("Skip", self.rate)

    def __call__(self, probs: Probs, query: Query) -> Probs:
        kept = (1.0 - self.rate) * probs[:-1]
        return np.append(kept, 1.0 - (1.0 - self.rate) * (1.0 - probs[-1]))


@dataclass(frozen=True)
class PositionBias:
    """Adds `logit` to the log-odds of what is shown first; ties, ratings and skips untouched.

    Source: own design; 45 863 decided labels of arXiv:2402.02423 chose the first 50.5 % of the
        time, a logit of 0.02.
    """

    logit: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.logit):
            raise ValueError(f"PositionBias: logit must be finite, got {self.logit}")

    def __call__(self, probs: Probs, query: Query) -> Probs:
        decided = float(probs[:2].sum())
        if not isinstance(query.ask, Compare) or decided == 0.0:
            return probs
        tilt = np.ones(2)
        tilt[query.order[0]] = np.exp(self.logit)
        tilted = probs[:2] * tilt
        return np.concatenate([decided * tilted / tilted.sum(), probs[2:]])


def _check_rate(name: str, rate: float) -> None:
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{name}: rate must be a probability in [0, 1], got {rate}")
