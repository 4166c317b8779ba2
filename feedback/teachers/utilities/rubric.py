"""Rubric: criteria that are met or not, or in part, and one number of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Literal

import numpy as np
from scipy.special import expit

from plaudit.envs import limits
from plaudit.feedback.criteria import Criterion, criteria_of
from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment

Aggregate = Literal["mean", "all", "any", "gated", "product"]

PASSING = 0.5  # score in the middle between not met and met
SHARPNESS = 10.0  # of the sigmoids: a score of 0 or 1 is 5 logits away from passing


@dataclass(frozen=True)
class Rubric(Utility):
    """Scores c in [0, 1] of several criteria, made into one number; items are the scores.

    mean      sum_i w_i c_i / sum_i |w_i|; a weight below 0 makes a penalty
    gated     c_0 times that: all is worth nothing unless the first one is met
    all       min_i c_i, for tests their AND
    any       max_i c_i, for tests their OR
    product   prod_i sigmoid(10 (c_i - 1/2)) ** w_i, good only where all are

    Source: checklists arXiv:2507.18624; products of sigmoids arXiv:2402.00742.
    Differs: in the latter log sigmoids of reward models are added up; here the product itself is
        the utility, so that it stays in [0, 1] as the others do.

    Args:
        criteria: (n,) see `criteria.CRITERIA`, or "module:attr"; numbers or flags in [0, 1].
        weights: (n,) of "mean", "gated" and, from 0 up, "product"; None for 1 each.
        aggregate: one of the five.

    Raises:
        ValueError: an unknown aggregate, or weights that it does not take.
    """

    criteria: Sequence[Spec]
    weights: Sequence[float] | None = None
    aggregate: Aggregate = "mean"

    def __post_init__(self) -> None:
        limits.check_choice("aggregate", self.aggregate, AGGREGATES)
        count = len(self._criteria)
        if self.weights is None:
            return
        if self.aggregate in ("all", "any"):
            raise ValueError(f"aggregate={self.aggregate!r} weighs nothing, so give no weights")
        least = 0.0 if self.aggregate == "product" else -inf
        weights = limits.check_numbers("weights", self.weights, least, inf, count=count)
        if not any(weights):
            raise ValueError("weights must not all be 0")
        limits.keep(self, weights=weights)

    def segment(self, seen: Segment) -> float:
        return float(AGGREGATES[self.aggregate](self.items(seen), self._weights))

    def items(self, seen: Segment) -> Floats:
        return np.array([criterion.share(seen) for criterion in self._criteria])

    @cached_property
    def _criteria(self) -> tuple[Criterion, ...]:
        return criteria_of(self.criteria)

    @cached_property
    def _weights(self) -> Floats:
        return np.ones(len(self._criteria)) if self.weights is None else np.array(self.weights)


def _mean(scores: Floats, weights: Floats) -> float:
    return float(scores @ weights / np.abs(weights).sum())


def _gated(scores: Floats, weights: Floats) -> float:
    return float(scores[0] * _mean(scores, weights))


def _product(scores: Floats, weights: Floats) -> float:
    return float(np.prod(expit(SHARPNESS * (scores - PASSING)) ** weights))


AGGREGATES: dict[str, Callable[[Floats, Floats], float]] = {
    "mean": _mean,
    "gated": _gated,
    "all": lambda scores, weights: float(scores.min()),
    "any": lambda scores, weights: float(scores.max()),
    "product": _product,
}
