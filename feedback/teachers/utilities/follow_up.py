"""FollowUp: good is what people would go on to praise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.criteria.text import text_of
from plaudit.feedback.programs import Spec, label, program
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Query, Segment

Scorer = Callable[[list[str], list[str]], npt.ArrayLike]
"""(n contexts, n continuations) -> (n,) log-probability of each whole continuation, nats."""

POSITIVE = (
    "Thanks, that answers my question.",
    "Great, this is just what I was looking for.",
)
NEGATIVE = (
    "No, that is not what I asked.",
    "Sorry, this does not help me at all.",
)


@dataclass(frozen=True)
class FollowUp(Utility):
    """How much likelier praise is to follow than complaint, by a language model.

    r = mean_p log P(p | text) - mean_n log P(n | text), over praising and complaining follow-ups

    Source: arXiv:2409.13948 (follow-up likelihood as reward).

    Args:
        scorer: "module:attr" or a callable, see `Scorer`; called with all texts of a query that it
            has not scored yet, and all follow-ups of each.
        positive: praising follow-ups.
        negative: complaining ones.
        between: what stands between a text and its follow-up, e.g. the mark of a user's turn.

    Raises:
        ValueError: no follow-ups.
    """

    scorer: Spec
    positive: Sequence[str] = POSITIVE
    negative: Sequence[str] = NEGATIVE
    between: str = "\n"

    def __post_init__(self) -> None:
        for name in ("positive", "negative"):
            limits.keep(self, **{name: limits.check_list(name, getattr(self, name), "texts")})

    def segment(self, seen: Segment) -> float:
        return float(self._scores([seen])[0])

    def together(self, seen: Sequence[Segment], query: Query) -> Floats:
        return self._scores(seen)

    def _scores(self, seen: Sequence[Segment]) -> Floats:
        fresh = [segment for segment in dict.fromkeys(seen) if segment not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._scored(fresh).tolist(), strict=True))
        return np.array([self._known[segment] for segment in seen])

    def _scored(self, seen: Sequence[Segment]) -> Floats:
        follow_ups = [*self.positive, *self.negative]
        contexts = [text_of(segment) + self.between for segment in seen for _ in follow_ups]
        said = np.asarray(self._scorer(contexts, follow_ups * len(seen)), np.float64)
        if said.shape != (len(contexts),):
            raise ValueError(
                f"scorer {label(self.scorer)} must say ({len(contexts)},) log-probabilities, got "
                f"shape {said.shape}"
            )
        logp = said.reshape(len(seen), len(follow_ups))
        praise, complaint = np.split(logp, [len(self.positive)], axis=1)
        return np.asarray(praise.mean(1) - complaint.mean(1))

    @cached_property
    def _known(self) -> WeakKeyDictionary[Segment, float]:
        """Scores of living segments; a language model is asked about each one once."""
        return WeakKeyDictionary()

    @cached_property
    def _scorer(self) -> Scorer:
        return program("scorer", self.scorer)
