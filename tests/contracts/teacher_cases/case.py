"""What the contract test of teachers is run on: one preset, one question, one fixed state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plaudit.feedback.types import Query, Segment, SegmentRef


@dataclass(frozen=True)
class Case:
    """A preset by name, its settings, and how to build a query it can answer.

    Attributes:
        warm: queries answered before, e.g. those a teacher calibrates itself on.
        symmetric: swapping the two segments of a comparison swaps the odds.
        shift_invariant: a constant added to all rewards changes nothing.
        why: the reason where one of these does not hold.
    """

    name: str
    settings: dict[str, Any]
    query: Callable[[], Query]
    warm: Callable[[], list[Query]] | None = None
    symmetric: bool = True
    shift_invariant: bool = True
    why: str = field(default="")

    def __str__(self) -> str:
        ask = self.query().ask
        flags = "".join(f"-{k}" for k in ("ties", "compare", "continuous") if getattr(ask, k, 0))
        flags += "-graded" if ask.kind == "compare" and ask.names[0][0] != "first" else ""
        return f"{self.name}-{ask.kind}{flags}"


def segment(*rewards: float, text: str | None = None, episode: int = 0) -> Segment:
    """A segment with given true rewards and observations that tell nothing."""
    steps = len(rewards)
    ref = SegmentRef("test", episode, 0, steps)
    obs, actions = np.zeros((steps + 1, 2)), np.zeros(steps, np.int64)
    return Segment(obs, actions, ref, text, np.array(rewards, np.float64))
