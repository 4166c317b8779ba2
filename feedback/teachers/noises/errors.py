"""Errors of a careless annotator: mistakes, lapses and skipped questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plaudit.feedback.teachers.noises.base import Floats, Noise, Odds, Situation, check_rate


@dataclass(frozen=True)
class Mistake(Noise):
    """With probability `rate` each part of an answer is reversed.

    First and second are swapped, a scale is turned round, a yes becomes a no; a tie and the middle
    of a scale stay what they are. Where there is no reverse (which of several?), it is any of the
    other answers.

    Source: arXiv:2111.03026, "mistake" (B-Pref, 0.1 there).

    Args:
        rate: probability, of every part for itself.
    """

    rate: float

    def __post_init__(self) -> None:
        check_rate("Mistake", self.rate)

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        ask = situation.query.ask
        random = ask.log_random(situation.utilities)
        reversed_ = [
            _reversed(part, ask.mirror(i), random[i] > -np.inf) for i, part in enumerate(odds.parts)
        ]
        return odds._replace(parts=_mixed(self.rate, odds.parts, reversed_))


@dataclass(frozen=True)
class Lapse(Noise):
    """With probability `rate` attention lapses and each part is answered at random.

    Source: arXiv:1706.03741, section 2.2.3 (10 % uniform answers).

    Args:
        rate: probability, of every part for itself.
    """

    rate: float

    def __post_init__(self) -> None:
        check_rate("Lapse", self.rate)

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        random = [np.exp(part) for part in situation.query.ask.log_random(situation.utilities)]
        return odds._replace(parts=_mixed(self.rate, odds.parts, random))


@dataclass(frozen=True)
class Skip(Noise):
    """With probability `rate` the question is skipped, whatever it asks about.

    Source: own design; for skipping what is poor, see `SkipPoor`.

    Args:
        rate: probability.
    """

    rate: float

    def __post_init__(self) -> None:
        check_rate("Skip", self.rate)

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        return odds._replace(skip=1.0 - (1.0 - self.rate) * (1.0 - odds.skip))


def _mixed(rate: float, meant: Sequence[Floats], spoiled: Sequence[Floats]) -> tuple[Floats, ...]:
    pairs = zip(meant, spoiled, strict=True)
    return tuple((1.0 - rate) * one + rate * other for one, other in pairs)


def _reversed(
    part: Floats, mirror: tuple[int, ...] | None, possible: npt.NDArray[np.bool_]
) -> Floats:
    if mirror is not None:
        return part[list(mirror)]
    others = np.count_nonzero(possible) - 1
    return np.where(possible, (1.0 - part) / others, 0.0) if others > 0 else part
