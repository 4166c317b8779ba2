"""Position: what is shown, or stored, first looks better."""

from dataclasses import dataclass
from math import inf

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.teachers.noises.base import Noise, Odds, Situation


@dataclass(frozen=True)
class PositionBias(Noise):
    """Adds `logit` to the log-odds of preferring what is shown first.

    For comparisons, best ones of several and orders (by their best one); the odds of a tie stay.

    Source: own design; 45 863 decided labels of arXiv:2402.02423 chose the first 50.5 % of the
        time, a logit of 0.02 if those were coin flips, and of 0.03 if three in four were right.

    Args:
        logit: >= 0 to favour the first, < 0 the others.
    """

    logit: float

    def __post_init__(self) -> None:
        limits.keep_numbers(self, logit=(-inf, inf))

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        query, part = situation.query, odds.parts[0]
        preferred = [query.ask.preferred(cell) for cell in range(len(part))]
        decided = np.array([segment is not None for segment in preferred])
        if not decided.any() or part[decided].sum() == 0.0:
            return odds
        first = np.array([segment == query.order[0] for segment in preferred])
        # The smaller of the two factors, so that none is infinite.
        tilted = part * np.exp(np.where(first, min(self.logit, 0.0), -max(self.logit, 0.0)))
        tilted[decided] *= part[decided].sum() / tilted[decided].sum()
        return odds._replace(parts=(np.where(decided, tilted, part), *odds.parts[1:]))


@dataclass(frozen=True)
class FirstOnTie(Noise):
    """Of two that are exactly equal, what is stored first is always called the better one.

    Source: arXiv:2111.03026, code at commit f3ece2e (reward_model.py): a label is 1 where the
        second return is larger, else 0.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        first, *others = situation.utilities.ravel().tolist()
        if situation.query.ask.kind != "compare" or others != [first]:
            return odds
        return odds._replace(parts=(np.eye(len(odds.parts[0]))[0],))
