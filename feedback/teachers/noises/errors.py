"""Errors of a careless annotator: mistakes, lapses and skipped questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.feedback.teachers.noises.base import Floats, Odds, Rated, Situation


@dataclass(frozen=True)
class Mistake(Rated):
    """With probability `rate` each part of an answer is reversed.

    First and second are swapped, a scale is turned round, a yes becomes a no; a tie and the middle
    of a scale stay what they are. Where there is no reverse (which of several?), it is any of the
    other answers.

    Source: arXiv:2111.03026, "mistake" (B-Pref, 0.1 there).

    Args:
        rate: probability, of every part for itself.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        ask = situation.query.ask
        random = ask.log_random(situation.utilities)
        reversed_ = [ask.reverse(i, part, random[i] > -np.inf) for i, part in enumerate(odds.parts)]
        return odds._replace(parts=_mixed(self.rate, odds.parts, reversed_))


@dataclass(frozen=True)
class Lapse(Rated):
    """With probability `rate` attention lapses and each part is answered at random.

    Source: arXiv:1706.03741, section 2.2.3 (10 % uniform answers).

    Args:
        rate: probability, of every part for itself.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        random = [np.exp(part) for part in situation.query.ask.log_random(situation.utilities)]
        return odds._replace(parts=_mixed(self.rate, odds.parts, random))


@dataclass(frozen=True)
class Skip(Rated):
    """With probability `rate` the question is skipped, whatever it asks about.

    Source: own design; for skipping what is poor, see `SkipPoor`.

    Args:
        rate: probability.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        return odds._replace(skip=1.0 - (1.0 - self.rate) * (1.0 - odds.skip))


def _mixed(rate: float, meant: Sequence[Floats], spoiled: Sequence[Floats]) -> tuple[Floats, ...]:
    pairs = zip(meant, spoiled, strict=True)
    return tuple((1.0 - rate) * one + rate * other for one, other in pairs)
