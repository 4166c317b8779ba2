"""Questions answered by marks: spans of a segment, items of a checklist, features that matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, ClassVar, Literal, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.asks.base import Ask, Grain, different_names, log_levels, log_yes


class Span(NamedTuple):
    """Steps [start, end) of a segment that bear one label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Mark(Ask):
    """Which steps are poor, and which good? Answers: one of 0 unmarked, 1 poor, 2 good per step.

    A step is poor where its utility is judged more than half a `Choice.spread` below the center,
    good where that much above. Steps that a shorter segment lacks are unmarked.

    Source: arXiv:2306.01693 (fine-grained feedback on spans).
    Differs: spans are told step by step, so that their odds are exact; `spans` reads them.

    Args:
        steps: T, of the longest segment.
        labels: names of a poor and of a good step.
    """

    steps: int
    labels: tuple[str, str] = ("poor", "good")
    kind: Literal["mark"] = "mark"
    grain: ClassVar[Grain] = "step"

    def __post_init__(self) -> None:
        limits.keep_integers(self, steps=(1, inf))
        limits.keep(self, labels=different_names("labels", self.labels))
        if len(self.labels) != 2:
            raise ValueError(f"labels name a poor and a good step, got {self.labels}")

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.steps,)

    @cached_property
    def space(self) -> gym.spaces.MultiDiscrete:
        return gym.spaces.MultiDiscrete([3] * self.steps)

    @property
    def question(self) -> str:
        return "Which steps stand out?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return (("unmarked", *self.labels),) * self.steps

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(f"step {step}" for step in range(self.steps))

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        xp = functions(utilities)
        worth = xp.where(xp.isnan(utilities), xp.full(utilities, choice.center), utilities)
        edges = choice.center + choice.spread * np.array([-0.5, 0.5])
        poor_to_good = log_levels(choice, edges, worth)
        said = poor_to_good[..., [1, 0, 2]]
        return self._present(utilities, said)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        xp = functions(utilities)
        zero = xp.full(utilities, 0.0)[..., None]
        return self._present(utilities, zero + xp.constant(np.full(3, -np.log(3)), zero))

    def alike(self, steps: int) -> npt.NDArray[np.float64]:
        return np.where(np.arange(self.steps) < steps, 0.0, np.nan)

    def _present(self, utilities: Any, table: Any) -> tuple[Any, ...]:
        """Log-odds per step, (..., steps, 3), but certainly unmarked where there is no step."""
        xp = functions(utilities)
        unmarked = xp.constant([0.0, -np.inf, -np.inf], utilities)
        table = xp.where(xp.isnan(utilities)[..., None], unmarked, table)
        return tuple(table[..., step, :] for step in range(self.steps))

    def mirror(self, part: int) -> tuple[int, ...]:
        return (0, 2, 1)

    def spans(self, answer: Sequence[int]) -> list[Span]:
        """The longest runs of one label in an answer."""
        edges = np.flatnonzero(np.diff(np.asarray(answer), prepend=-1, append=-1))
        runs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        return [Span(a, b, self.labels[answer[a] - 1]) for a, b in runs if answer[a]]

    def answer_of(self, spans: Sequence[Span | tuple[int, int, str]]) -> tuple[int, ...]:
        """The answer that marks some spans; the reverse of `spans`.

        Raises:
            ValueError: a span lies outside the segment, overlaps another, or bears no known label.
        """
        marks = [0] * self.steps
        for start, end, label in spans:
            if label not in self.labels or not 0 <= start < end <= self.steps:
                raise ValueError(
                    f"span {(start, end, label)} must lie in 0..{self.steps} and bear a label of "
                    f"{self.labels}"
                )
            if any(marks[start:end]):
                raise ValueError(f"span {(start, end, label)} overlaps another one")
            marks[start:end] = [self.labels.index(label) + 1] * (end - start)
        return tuple(marks)


@dataclass(frozen=True)
class Check(Ask):
    """Which items of a checklist does this segment meet? Answers: 0 no or 1 yes per item.

    Source: arXiv:2507.18624 (checklist feedback).

    Args:
        items: what each item asks for, in words.
    """

    items: tuple[str, ...]
    kind: Literal["check"] = "check"
    grain: ClassVar[Grain] = "item"

    def __post_init__(self) -> None:
        limits.keep(self, items=different_names("items", self.items))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.items),)

    @cached_property
    def space(self) -> gym.spaces.MultiBinary:
        return gym.spaces.MultiBinary(len(self.items))

    @property
    def question(self) -> str:
        return "Which of these does it meet?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return (("no", "yes"),) * len(self.items)

    @property
    def parts(self) -> tuple[str, ...]:
        return self.items

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        table = log_yes(choice, utilities)
        return tuple(table[..., item, :] for item in range(len(self.items)))

    def mirror(self, part: int) -> tuple[int, ...]:
        return (1, 0)


@dataclass(frozen=True)
class Describe(Ask):
    """Which features matter here, or which of two segments has more of each attribute?

    One segment: 0 or 1 per feature, whether it matters. Two segments (`compare`): 0 the first, 1
    the second, 2 both alike, per attribute.

    Source: features: doi:10.1145/3171221.3171284 (feature queries); attributes: arXiv:2402.02423.

    Args:
        features: their names.
        compare: ask about two segments.
    """

    features: tuple[str, ...]
    compare: bool = False
    kind: Literal["describe"] = "describe"
    grain: ClassVar[Grain] = "item"

    def __post_init__(self) -> None:
        limits.keep(self, features=different_names("features", self.features))
        limits.keep_flags(self, "compare")

    @property
    def segments(self) -> int:
        return 2 if self.compare else 1

    @property
    def shape(self) -> tuple[int, ...]:
        return (2, len(self.features)) if self.compare else (len(self.features),)

    @cached_property
    def space(self) -> gym.Space[Any]:
        count = len(self.features)
        if self.compare:
            return gym.spaces.MultiDiscrete([3] * count)
        return gym.spaces.MultiBinary(count)

    @property
    def question(self) -> str:
        return "Which one has more of it?" if self.compare else "Which of these matter here?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        cells = ("first", "second", "both alike") if self.compare else ("no", "yes")
        return (cells,) * len(self.features)

    @property
    def parts(self) -> tuple[str, ...]:
        return self.features

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        count = range(len(self.features))
        if self.compare:
            table = choice.log_pair(utilities[..., 0, :] - utilities[..., 1, :], True)
        else:
            table = log_yes(choice, utilities)
        return tuple(table[..., feature, :] for feature in count)

    def mirror(self, part: int) -> tuple[int, ...]:
        return (1, 0, 2) if self.compare else (1, 0)
