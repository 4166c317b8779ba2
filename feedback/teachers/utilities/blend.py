"""Blend: several likings at once, each as seen through its own lens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.feedback.teachers.base import PolicyProbs
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Query, Segment

Lens = Callable[[Segment], Segment]


@dataclass(frozen=True)
class Blend(Utility):
    """sum_k weights[k] * utilities[k], each of what lenses[k] shows of a segment.

    Source: arXiv:2504.14439 (a person as a mixture of a few basis rewards).

    Args:
        lenses: what each utility sees; the teacher's own lens must let all of that through.
        utilities: the basis.
        weights: of each, >= 0, not all 0.

    Raises:
        ValueError: they are not equally many, or a weight is out of its range.
    """

    lenses: tuple[Lens, ...]
    utilities: tuple[Utility, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        counts = len(self.lenses), len(self.utilities), len(self.weights)
        if len(set(counts)) != 1 or not self.weights:
            raise ValueError(f"as many lenses, utilities and weights are needed, got {counts}")
        if min(self.weights) < 0.0 or not 0.0 < sum(self.weights) < np.inf:
            raise ValueError(
                f"weights must be at least 0 and not all of them 0, got {self.weights}"
            )

    def segment(self, seen: Segment) -> float:
        return float(self._sum(u.segment(see(seen)) for u, see in self._basis()))

    def together(self, seen: Sequence[Segment], query: Query) -> Floats:
        return self._sum(u.together([see(s) for s in seen], query) for u, see in self._basis())

    def steps(self, seen: Segment) -> Floats:
        return self._sum(u.steps(see(seen)) for u, see in self._basis())

    def items(self, seen: Segment) -> Floats:
        return self._sum(u.items(see(seen)) for u, see in self._basis())

    def actions(self, seen: Segment) -> Floats:
        return self._sum(u.actions(see(seen)) for u, see in self._basis())

    def paths(self, seen: Segment, steps: int) -> Floats:
        return self._sum(u.paths(see(seen), steps) for u, see in self._basis())

    def set_policy(self, probs: PolicyProbs) -> None:
        for part in (*self.utilities, *self.lenses):
            if hasattr(part, "set_policy"):
                part.set_policy(probs)

    def _basis(self) -> Iterator[tuple[Utility, Lens]]:
        """Those that count; what weighs nothing may be minus infinity."""
        for utility, lens, weight in zip(self.utilities, self.lenses, self.weights, strict=True):
            if weight > 0.0:
                yield utility, lens

    def _sum(self, terms: Iterator[Any]) -> Floats:
        weights = [weight for weight in self.weights if weight > 0.0]
        return np.asarray(sum(w * term for w, term in zip(weights, terms, strict=True)))
