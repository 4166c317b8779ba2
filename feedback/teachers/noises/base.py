"""What a noise is: whatever comes between the truth of a matter and the answer given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

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


def check_rate(name: str, rate: float) -> None:
    """Refuse what is no probability; ValueError."""
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{name}: rate must be a probability in [0, 1], got {rate}")
