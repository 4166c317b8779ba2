"""Principles: a hidden constitution, whose principles vote between segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from plaudit.envs import limits
from plaudit.envs.types import stream
from plaudit.feedback.criteria import Criterion, criteria_of
from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.utilities.base import BetweenSegments, Floats
from plaudit.feedback.types import Query, Segment


@dataclass(frozen=True)
class Principles(BetweenSegments):
    """Each principle held prefers the segment with more of its criterion; their votes are summed.

    Of two segments, u_0 - u_1 = sum_p w_p sign(c_p(0) - c_p(1)). Of several, every pair votes, and
    a segment's utility is half its mean margin over the others (a weighted Borda count).

    Which principles are held is hidden: `count` of them, drawn once from `draw`, or all of them.

    Source: arXiv:2406.06560 (inverse constitutional AI: votes of principles).
    Differs: principles are programs, which never answer "not applicable"; equals are no vote.

    Args:
        principles: (n,) criteria, see `criteria.CRITERIA`; {"name": "less", "of": ...} prefers the
            segment with less of it.
        weights: (n,) of the votes; None for 1 each.
        count: how many are held, 1..n; None for all.
        draw: seed of which ones.

    Raises:
        ValueError: not as many weights as principles, or a count out of its range.
    """

    principles: Sequence[Spec]
    weights: Sequence[float] | None = None
    count: int | None = None
    draw: int = 0

    def __post_init__(self) -> None:
        size = len(limits.check_list("principles", self.principles, "criteria"))
        if self.weights is not None:
            weights = limits.check_numbers("weights", self.weights, -inf, inf, count=size)
            limits.keep(self, weights=weights)
        if self.count is not None:
            limits.keep_integers(self, count=(1, size, "principles"))
        limits.keep_integers(self, draw=(0, inf))

    @cached_property
    def held(self) -> tuple[int, ...]:
        """Which principles are held: the truth that a learner of constitutions looks for."""
        size = len(self.principles)
        if self.count is None:
            return tuple(range(size))
        drawn = stream(self.draw, "principles").choice(size, self.count, replace=False)
        return tuple(sorted(drawn.tolist()))

    def compared(self, seen: Sequence[Segment], query: Query) -> Floats:
        amounts = np.array([[c.amount(segment) for c in self._criteria] for segment in seen])
        votes = np.sign(amounts[:, None] - amounts) @ self._weights
        return np.asarray(votes.sum(1) / (2 * (len(seen) - 1)))

    @cached_property
    def _criteria(self) -> tuple[Criterion, ...]:
        return criteria_of([self.principles[place] for place in self.held])

    @cached_property
    def _weights(self) -> Floats:
        weights = np.ones(len(self.principles)) if self.weights is None else np.array(self.weights)
        return weights[list(self.held)]
