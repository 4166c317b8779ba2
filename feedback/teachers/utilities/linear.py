"""Linear: a weighted sum of features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.criteria import Criterion, criteria_of
from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment


@dataclass(frozen=True)
class Linear(Utility):
    """Linear in features, w . phi(s), where phi adds up over the steps.

    Steps are worth w . phi(s_t, a_t), items w_i phi_i(s). Features of whole segments, such as those
    of a text, say nothing about steps.

    Source: arXiv:2002.04833 (linear rewards of reward-rational choices).

    Args:
        weights: (d,) per unit of each feature.
        features: (d,) criteria, see `criteria.CRITERIA`, or "module:attr"; None for the d entries
            of the observation before each action.
        absolute: items are |w_i phi_i|: how much each matters, whatever its sign.

    Raises:
        ValueError: not as many weights as features, or a weight is not finite.
    """

    weights: Sequence[float]
    features: Sequence[Spec] | None = None
    absolute: bool = False

    def __post_init__(self) -> None:
        count = None if self.features is None else len(self._criteria)
        weights = limits.check_numbers("weights", self.weights, -inf, inf, count=count)
        limits.keep(self, weights=weights)
        limits.keep_flags(self, "absolute")

    def segment(self, seen: Segment) -> float:
        return float(self._amounts(seen) @ self._weights)

    def steps(self, seen: Segment) -> Floats:
        worth: Floats = self._table(seen) @ self._weights
        return worth

    def items(self, seen: Segment) -> Floats:
        worth = self._amounts(seen) * self._weights
        return np.abs(worth) if self.absolute else worth

    def _amounts(self, seen: Segment) -> Floats:
        """(d,) phi of the whole segment."""
        if self.features is None:
            return np.asarray(self._table(seen).sum(0))
        return np.array([criterion.amount(seen) for criterion in self._criteria])

    def _table(self, seen: Segment) -> Floats:
        """(T, d) phi of every step."""
        if self.features is not None:
            return np.stack([criterion.steps(seen) for criterion in self._criteria], axis=1)
        size = int(np.prod(seen.obs.shape[1:]))
        if size != len(self.weights):
            raise ValueError(
                f"Linear has {len(self.weights)} weights, but observations have {size} entries"
            )
        return seen.obs[:-1].reshape(len(seen), size).astype(np.float64)

    @cached_property
    def _weights(self) -> Floats:
        return np.array(self.weights)

    @cached_property
    def _criteria(self) -> tuple[Criterion, ...]:
        return criteria_of(self.features or ())
