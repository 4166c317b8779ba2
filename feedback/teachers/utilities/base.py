"""What a utility is: how much a teacher likes what its lens shows it.

Questions differ in what they need the worth of (`Ask.grain`). A utility states as many of these as
it can; what it can't say it refuses.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from plaudit.feedback.asks import Ask
from plaudit.feedback.teachers.base import PolicyProbs
from plaudit.feedback.types import Query, Segment

Floats = npt.NDArray[np.float64]


class Utility:
    """How much a teacher likes what it sees. Subclasses are frozen records of JSON-able settings.

    All methods are pure; a method that a subclass does not have raises ValueError.

    Attributes:
        relative: True where only utilities of one query can be compared with each other.
    """

    relative: ClassVar[bool] = False

    def segment(self, seen: Segment) -> float:
        """The worth of a whole segment."""
        return float(np.sum(self.steps(seen)))

    def together(self, seen: Sequence[Segment], query: Query) -> Floats:
        """The worth of the segments of a query, (K,), where that of one depends on the others."""
        return np.array([self.segment(segment) for segment in seen], np.float64)

    def steps(self, seen: Segment) -> Floats:
        """The worth of every step, (T,)."""
        raise _refusal(self, "steps")

    def items(self, seen: Segment) -> Floats:
        """How well every item or feature is met, (n,)."""
        raise _refusal(self, "items")

    def actions(self, seen: Segment) -> Floats:
        """The value of every action at each observation, (T + 1, A).

        NaN rows where the episode is over; -inf where an action is illegal, unless it was taken.
        """
        raise _refusal(self, "actions")

    def paths(self, seen: Segment, steps: int) -> Floats:
        """The return of every sequence of actions from the segment's end, (A ** steps,).

        -inf where a sequence has an illegal action.
        """
        raise _refusal(self, "sequences of actions")

    def set_policy(self, probs: PolicyProbs) -> None:
        """Be told the learner's policy; most need none."""


class BetweenSegments(Utility):
    """Says which of several segments is better, and nothing about one alone."""

    relative: ClassVar[bool] = True

    @abstractmethod
    def compared(self, seen: Sequence[Segment], query: Query) -> Floats:
        """The worth of two or more segments of a query, (K,)."""

    def segment(self, seen: Segment) -> float:
        raise ValueError(
            f"{type(self).__name__} says which of several is better, and nothing about one alone; "
            "ask to compare, choose or rank"
        )

    def together(self, seen: Sequence[Segment], query: Query) -> Floats:
        return self.compared(seen, query) if len(seen) > 1 else np.array([self.segment(seen[0])])


class OfSegment(Utility):
    """A plain function of a segment as a utility."""

    def __init__(self, function: Callable[[Segment], float]) -> None:
        self.function = function

    def segment(self, seen: Segment) -> float:
        return float(self.function(seen))


def utilities_of(utility: Utility, seen: Sequence[Segment], query: Query) -> Floats:
    """What a question's odds depend on, (*ask.shape).

    Raises:
        ValueError: the utility cannot say it, or is not finite where it must be.
    """
    ask: Any = query.ask
    if ask.grain == "segment":
        return _finite(utility.together(seen, query), query)
    if ask.grain == "item":
        items = np.stack([utility.items(segment) for segment in seen])
        if items.shape[-1] != ask.shape[-1]:
            raise ValueError(
                f"{ask} asks about {ask.shape[-1]} items, but {type(utility).__name__} judges "
                f"{items.shape[-1]}"
            )
        return _finite(items.reshape(ask.shape), query)
    if ask.grain == "step":
        return _padded(utility.steps(seen[0]), ask)
    if ask.grain == "path":
        return _possible(utility.paths(seen[0], ask.steps), query)
    values = utility.actions(seen[0])
    if values.shape != (len(seen[0]) + 1, ask.actions):
        raise ValueError(
            f"{ask} needs values of {ask.actions} actions at {len(seen[0]) + 1} observations, "
            f"got {values.shape}"
        )
    utilities: Floats = ask.from_actions(values, seen[0].actions)
    return utilities


def _finite(utilities: Floats, query: Query) -> Floats:
    if not np.isfinite(utilities).all():
        raise ValueError(
            f"query {query.query_id}: utilities must be finite, got {utilities.tolist()}"
        )
    return utilities


def _possible(utilities: Floats, query: Query) -> Floats:
    """The same, where -inf stands for what cannot be done."""
    possible = utilities != -np.inf
    if not possible.any():
        raise ValueError(f"query {query.query_id}: all of its answers are impossible")
    _finite(utilities[possible], query)
    return utilities


def _padded(steps: Floats, ask: Ask) -> Floats:
    (size,) = ask.shape
    if len(steps) > size:
        raise ValueError(f"{ask} can't mark a segment of {len(steps)} steps")
    return np.concatenate([steps, np.full(size - len(steps), np.nan)])


def _refusal(utility: Utility, what: str) -> ValueError:
    return ValueError(
        f"{type(utility).__name__} says nothing about the worth of {what}, which is asked for"
    )
