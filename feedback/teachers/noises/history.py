"""History: noises that depend on what the annotator has judged before."""

from dataclasses import dataclass, replace
from math import inf
from typing import Self

import numpy as np

from plaudit.envs import limits
from plaudit.envs.types import stream
from plaudit.feedback.teachers.noises.base import (
    Floats,
    Memory,
    Noise,
    Odds,
    Situation,
)

LEAST_RATIONALITY = 1e-6
"""Below this share of it nobody tires; answers are random long before."""


@dataclass(frozen=True)
class Anchoring(Noise):
    """What was judged last pulls: u becomes (1 - weight) u + weight * mean of the latest ones.

    For questions about whole segments; the latest utilities are those of `Memory.recent`.

    Source: Tversky and Kahneman 1974, doi:10.1126/science.185.4157.1124.

    Args:
        weight: 0 (no pull) to 1 (nothing else counts).
    """

    weight: float

    def __post_init__(self) -> None:
        limits.keep_numbers(self, weight=(0, 1))

    def utilities(self, utilities: Floats, situation: Situation) -> Floats:
        recent = situation.memory.recent
        if situation.query.ask.grain != "segment" or not recent:
            return utilities
        return utilities + self.weight * (np.mean(recent) - utilities)


@dataclass(frozen=True)
class Fatigue(Noise):
    """Every answer tires: rationality * exp(-rate * questions answered).

    Who always takes the better one (`Argmax`) has no rationality to lose.

    Source: own design.

    Args:
        rate: per question, >= 0; after 0.69 / rate questions half of the rationality is left.
    """

    rate: float

    def __post_init__(self) -> None:
        limits.keep_numbers(self, rate=(0, inf))

    def rationality(self, memory: Memory) -> float:
        return max(float(np.exp(-self.rate * memory.answered)), LEAST_RATIONALITY)


@dataclass(frozen=True)
class DropOut(Noise):
    """After some questions the annotator leaves: everything is skipped.

    Source: own design.

    Args:
        after: questions answered before leaving, >= 0; None to draw it when this is made.
        rate: probability of leaving after each question, where it is drawn (geometric).
        seed: of that draw.
    """

    after: int | None = None
    rate: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.after is not None:
            limits.keep_integers(self, after=(0, inf))
        if self.rate is not None:
            limits.keep_numbers(self, rate=(0, 1))
        if self.after is None:
            if not self.rate:
                raise ValueError(f"DropOut needs after, or a rate above 0; got rate={self.rate}")
            drawn = stream(self.seed, "drop-out").geometric(self.rate)
            object.__setattr__(self, "after", int(drawn))

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        gone = situation.memory.answered >= int(self.after or 0)
        return odds._replace(skip=1.0) if gone else odds

    def another(self, seed: int) -> Self:
        return self if self.rate is None else replace(self, after=None, seed=seed)

    @property
    def reason(self) -> str:
        return "dropped out"
