"""What a noise is: whatever comes between the truth of a matter and the answer given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.types import Query, Segment

Floats = npt.NDArray[np.float64]

RECENT = 10
"""Utilities that a teacher remembers."""


class Odds(NamedTuple):
    """The exact distribution of an answer.

    Attributes:
        parts: odds of the cells of each part, given that there is an answer; independent, (cells,).
        skip: probability that there is none.
    """

    parts: tuple[Floats, ...]
    skip: float = 0.0


@dataclass(frozen=True)
class Memory:
    """What a teacher remembers, and noise may depend on.

    Attributes:
        answered: questions answered or skipped so far.
        sessions: batches of questions begun before this one.
        recent: utilities of the latest segments judged as a whole, oldest first, at most RECENT.
    """

    answered: int = 0
    sessions: int = 0
    recent: tuple[float, ...] = ()


class Situation(NamedTuple):
    """Where noise strikes.

    Attributes:
        query: what is asked.
        seen: what the lens shows of its segments; empty for a teacher that never looks.
        utilities: as judged, before any noise, (*ask.shape).
        memory: what the teacher remembers.
    """

    query: Query
    seen: Sequence[Segment]
    utilities: Floats
    memory: Memory


class Noise:
    """What spoils an answer. Subclasses are frozen records of JSON-able settings.

    It may strike in four places; all but the delay are pure, so that odds stay exact.
    """

    def utilities(self, utilities: Floats, situation: Situation) -> Floats:
        """Utilities as they are felt, (*ask.shape)."""
        return utilities

    def rationality(self, memory: Memory) -> float:
        """Factor on the choice's rationality, >= 0."""
        return 1.0

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        """Odds of the answer given, from those of the answer meant."""
        return odds

    def delay(self, rng: np.random.Generator) -> int:
        """How long the answer takes, by the asker's clock."""
        return 0

    @property
    def reason(self) -> str:
        """Why a question is skipped, where this noise alone does it; else ""."""
        return ""

    def another(self, seed: int) -> Self:
        """The same noise in another annotator, where the luck of an annotator decides on it."""
        return self

    @property
    def calibrated(self) -> bool:
        """Whether it can be applied."""
        return True

    def calibrate(self, utilities: Floats) -> Self:
        """This noise fitted to the utilities of representative segments, (N,)."""
        return self


@dataclass(frozen=True)
class Rated(Noise):
    """A noise that strikes with probability `rate`."""

    rate: float

    def __post_init__(self) -> None:
        rate = limits.check_range(f"{type(self).__name__}: rate", self.rate, 0, 1)
        limits.keep(self, rate=rate)


def skip_reason(noises: Sequence[Noise], situation: Situation, odds: Odds) -> str:
    """Why a question was skipped: the noise that made it certain, else just "skipped".

    Args:
        noises: of the teacher, in their order.
        situation: where they struck.
        odds: of the answer, as any of them left it.
    """
    so_far = Odds(odds.parts)
    for noise in noises:
        so_far = noise.odds(so_far, situation)
        if so_far.skip == 1.0:
            return noise.reason or "skipped"
    return "skipped"
