"""Biases: what makes a whole segment look better than it is, by utility added to what is felt."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, get_args

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.programs import Spec, program
from plaudit.feedback.teachers.noises.base import Floats, Noise, Situation
from plaudit.feedback.types import Segment

Length = Literal["steps", "words", "characters"]

PER = 100.0
"""Steps, words or characters to which the weight of a length refers."""

Agrees = Callable[[Segment, Any], float]
"""(segment seen, belief) -> how far the segment agrees with it, 0 to 1."""

AGREEMENTS = {"contains": f"{__name__}:contains"}


@dataclass(frozen=True)
class _Bias(Noise):
    """Adds `weight` times something to the utility of every segment; weight may be negative."""

    weight: float

    def __post_init__(self) -> None:
        limits.keep_numbers(self, weight=(-inf, inf))

    @abstractmethod
    def amounts(self, situation: Situation) -> Sequence[float]:
        """What there is of it in every segment, (K,)."""

    def utilities(self, utilities: Floats, situation: Situation) -> Floats:
        # Who never looks sees no segments; worths of steps, items and actions stay what they are.
        if situation.query.ask.grain != "segment" or not situation.seen:
            return utilities
        return utilities + self.weight * np.asarray(self.amounts(situation), np.float64)


@dataclass(frozen=True)
class LengthBias(_Bias):
    """Long ones look better: u += weight * length / 100.

    Source: arXiv:2310.10076 (verbosity bias of judges and people).

    Args:
        weight: utility per 100 steps, words or characters.
        of: "steps" (tokens, in worlds of tokens), or "words" or "characters" of the text.
    """

    of: Length = "steps"

    def __post_init__(self) -> None:
        super().__post_init__()
        limits.check_choice("length", self.of, get_args(Length))

    def amounts(self, situation: Situation) -> Sequence[float]:
        if self.of == "steps":
            return [len(segment) / PER for segment in situation.seen]
        texts = [_text(segment, type(self).__name__) for segment in situation.seen]
        return [len(text.split() if self.of == "words" else text) / PER for text in texts]


@dataclass(frozen=True)
class Sycophancy(_Bias):
    """What agrees with the user looks better: u += weight * agreement.

    The belief is what the user stated in `query.context["belief"]`; without one nothing changes.

    Source: arXiv:2310.13548.

    Args:
        weight: utility of full agreement.
        agrees: "contains", where the text contains the belief whatever the case, or
            "module:attr" of a function (segment seen, belief) -> agreement, 0 to 1, or {"name":
            ..., setting: ...}.
    """

    agrees: Spec = "contains"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._function()

    def amounts(self, situation: Situation) -> Sequence[float]:
        context = situation.query.context
        if "belief" not in context:
            return [0.0] * len(situation.seen)
        agrees = self._function()
        return [float(agrees(segment, context["belief"])) for segment in situation.seen]

    def _function(self) -> Agrees:
        return program("agreement", self.agrees, AGREEMENTS)


@dataclass(frozen=True)
class SelfPreference(_Bias):
    """One's own work looks better: u += weight where the segment's author is the annotator.

    `query.context["authors"]` names the author of every segment, in stored order; without it
    nothing changes.

    Source: arXiv:2404.13076.

    Args:
        weight: utility of being one's own.
        author: the annotator's name among the authors.
    """

    author: str

    def amounts(self, situation: Situation) -> Sequence[float]:
        authors = situation.query.context.get("authors", [None] * len(situation.seen))
        if isinstance(authors, str) or len(authors) != len(situation.seen):
            raise ValueError(
                f"query {situation.query.query_id}: context['authors'] must name an author for "
                f"each of {len(situation.seen)} segments, got {authors!r}"
            )
        return [float(author == self.author) for author in authors]


def contains(seen: Segment, belief: Any) -> float:
    """Whether the text of a segment contains a belief, 0 or 1.

    Source: own design.

    Args:
        seen: with text.
        belief: a text; case does not matter.

    Raises:
        ValueError: there is no text, or the belief is none.
    """
    if not isinstance(belief, str):
        raise ValueError(f"Sycophancy: the belief must be a text to be contained, got {belief!r}")
    return float(belief.casefold() in _text(seen, "Sycophancy").casefold())


def _text(seen: Segment, name: str) -> str:
    if seen.text is None:
        raise ValueError(f"{name} reads the text of {seen.ref}, which has none")
    return seen.text
