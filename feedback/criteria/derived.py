"""Criteria made of others: a threshold makes a test of a number, a minus turns it round.

Source: own design.
"""

from plaudit.feedback.criteria.base import criterion
from plaudit.feedback.programs import Spec
from plaudit.feedback.types import Segment


def at_least(seen: Segment, *, of: Spec, least: float) -> float:
    """Whether another criterion reaches a number: 0 or 1.

    Args:
        seen: the segment.
        of: the other criterion.
        least: from which on it is met.
    """
    return float(criterion(of).amount(seen) >= least)


def at_most(seen: Segment, *, of: Spec, most: float) -> float:
    """Whether another criterion stays at or below a number: 0 or 1.

    Args:
        seen: the segment.
        of: the other criterion.
        most: up to which it is met.
    """
    return float(criterion(of).amount(seen) <= most)


def less(seen: Segment, *, of: Spec) -> float:
    """Another criterion with the opposite sign: the less of it, the better.

    Args:
        seen: the segment.
        of: the other criterion.
    """
    return -criterion(of).amount(seen)


def mean(seen: Segment, *, of: Spec) -> float:
    """The mean over the steps of a criterion that says one number per step; 0 without steps.

    Args:
        seen: the segment.
        of: the other criterion.
    """
    steps = criterion(of).steps(seen)
    return float(steps.mean()) if len(steps) else 0.0
