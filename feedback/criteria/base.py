"""What a criterion is: a number that a program says about a segment, or one per step.

Rubrics, checklists, principles, verifiers and linear utilities are made of them. Programs of one's
own are named "module:attr": a function of what is seen, a `Segment`, and of settings.

Source: own design.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.limits import check_list
from plaudit.feedback.programs import Spec, label, program
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.types import Segment

Floats = npt.NDArray[np.float64]

_TEXT, _ARRAYS = "plaudit.feedback.criteria.text", "plaudit.feedback.criteria.behaviour"
_OTHERS = "plaudit.feedback.criteria.derived"

CRITERIA = {
    "acted": f"{_ARRAYS}:acted",
    "at_least": f"{_OTHERS}:at_least",
    "at_most": f"{_OTHERS}:at_most",
    "characters": f"{_TEXT}:characters",
    "chose": f"{_ARRAYS}:chose",
    "contains": f"{_TEXT}:contains",
    "count": f"{_TEXT}:count",
    "effort": f"{_ARRAYS}:effort",
    "ends": f"{_TEXT}:ends",
    "entry": f"{_ARRAYS}:entry",
    "lacks": f"{_TEXT}:lacks",
    "less": f"{_OTHERS}:less",
    "matches": f"{_TEXT}:matches",
    "mean": f"{_OTHERS}:mean",
    "number": f"{_ARRAYS}:number",
    "place": f"{_TEXT}:place",
    "sentences": f"{_TEXT}:sentences",
    "starts": f"{_TEXT}:starts",
    "steps": f"{_ARRAYS}:steps",
    "switches": f"{_ARRAYS}:switches",
    "variety": f"{_TEXT}:variety",
    "words": f"{_TEXT}:words",
}
"""Criteria by name; strings, so that they may name each other."""

PLAIN_TEXT: dict[str, Spec] = {
    "says something": {"name": "at_least", "of": "words", "least": 1},
    "has at most 100 words": {"name": "at_most", "of": "words", "most": 100},
    "ends as a sentence does": {"name": "matches", "pattern": r"[.!?][\"')\]]*\s*$"},
    "repeats few words": {"name": "at_least", "of": "variety", "least": 0.5},
}
"""A checklist for any text, by what its items say; `Check(tuple(PLAIN_TEXT))` asks for them."""


@dataclass(frozen=True)
class Criterion:
    """What a program says about a segment: one number, or one per step that count together.

    Attributes:
        label: in words, for messages.
        function: of the segment seen -> a number or flag, or (T,) of them.
    """

    label: str
    function: Callable[[Segment], Any]

    def amount(self, seen: Segment) -> float:
        """One number for the whole segment; the sum over its steps.

        Raises:
            ValueError: what the program says is not finite, or of another shape.
        """
        said = self._said(seen)
        if said.shape not in ((), (len(seen),)):
            raise ValueError(
                f"criterion {self.label} must say one number, or one for each of the {len(seen)} "
                f"steps, got shape {said.shape}"
            )
        return float(said.sum())

    def steps(self, seen: Segment) -> Floats:
        """One number per step, (T,).

        Raises:
            ValueError: the program says one of the whole segment, or none that is finite.
        """
        said = self._said(seen)
        if said.shape != (len(seen),):
            raise ValueError(
                f"criterion {self.label} is about whole segments and tells no step from another: "
                f"expected ({len(seen)},) numbers, got shape {said.shape}"
            )
        return said

    def share(self, seen: Segment) -> float:
        """One number in [0, 1], 0 not met and 1 fully met.

        Raises:
            ValueError: it lies outside.
        """
        amount = self.amount(seen)
        if not 0.0 <= amount <= 1.0:
            raise ValueError(
                f"criterion {self.label} must be in [0, 1] here, got {amount} for {seen.ref}; "
                "at_least and at_most turn a number into a test"
            )
        return amount

    @once_per_segment
    def _said(self, seen: Segment) -> Floats:
        said = np.asarray(self.function(seen), np.float64)
        if not np.isfinite(said).all():
            raise ValueError(f"criterion {self.label} is not finite for {seen.ref}: {said}")
        return said


def criterion(spec: Spec) -> Criterion:
    """The criterion behind a name, "module:attr", a record with settings, or a callable.

    Raises:
        KeyError, ValueError, TypeError: see `programs.program`.
    """
    return Criterion(label(spec), program("criterion", spec, CRITERIA))


def criteria_of(specs: Sequence[Spec]) -> tuple[Criterion, ...]:
    """Several of them, at least one; errors as `criterion`."""
    return tuple(map(criterion, check_list("criteria", specs, "criteria")))
