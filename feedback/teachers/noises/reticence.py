"""Reticence: some of what one would say remains unsaid."""

from dataclasses import dataclass

from plaudit.feedback.asks import Critique, Mark, React
from plaudit.feedback.teachers.noises.base import Floats, Odds, Rated, Situation


@dataclass(frozen=True)
class Reticence(Rated):
    """With probability `rate` each part of an answer remains unsaid, independently.

    A slot of `Critique` stays empty, a step of `Mark` unmarked, a reaction of `React` is none;
    questions that always want an answer are left alone, see `Skip`.

    Source: arXiv:2312.06853 (LLF-Bench gives some of the kinds of feedback, chosen at random).
    Differs: kinds are left out independently of each other.

    Args:
        rate: in [0, 1].

    Raises:
        ValueError: the rate is no probability.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        ask = situation.query.ask
        if isinstance(ask, Critique | Mark):
            silence = 0
        elif isinstance(ask, React):
            silence = len(ask.kinds)
        else:
            return odds
        return odds._replace(parts=tuple(self._unsaid(part, silence) for part in odds.parts))

    def _unsaid(self, part: Floats, silence: int) -> Floats:
        kept = (1.0 - self.rate) * part
        kept[silence] += self.rate
        return kept
