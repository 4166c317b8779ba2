"""What a teacher is: whoever answers questions, at once or much later."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.asks import Answer
from plaudit.feedback.types import Feedback, Query

PolicyProbs = Callable[[npt.NDArray[Any]], npt.NDArray[np.float64]]
"""A learner's policy: (N, ...) observations -> (N, A) probabilities."""


class Teacher(ABC):
    """Whoever answers questions: simulated, a language model, or a person, who may take long.

    Attributes:
        name: the annotator's name in `Feedback`.
    """

    name: str

    @abstractmethod
    def submit(self, queries: Sequence[Query], *, now: int = 0) -> None:
        """Ask; the answers wait in `poll`.

        Args:
            queries: what is asked.
            now: by the asker's clock, kept in `Feedback.asked`.
        """

    @abstractmethod
    def poll(self, *, now: int | None = None) -> list[Feedback]:
        """What was answered since the last poll; never waits.

        Args:
            now: by the asker's clock; answers that come later wait. None for all that is there.
        """

    @abstractmethod
    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        """Ask and wait: one feedback per query, in their order."""

    @abstractmethod
    def get_state(self) -> State:
        """Everything the next answers depend on; a fresh copy."""

    @abstractmethod
    def set_state(self, state: State) -> None:
        """Go back to a state of a teacher with the same settings."""

    def answers(self, query: Query) -> tuple[Answer, ...]:
        """The answers that the cells of `probs` stand for, skip aside, in order."""
        return query.ask.answers()

    def set_policy(self, probs: PolicyProbs) -> None:  # noqa: B027
        """Be told the learner's policy; most teachers need none."""


class Told:
    """Who judges or plays on by the learner's policy; for frozen records."""

    def set_policy(self, probs: PolicyProbs) -> None:
        """Be told the learner's policy."""
        vars(self)["_told"] = probs

    def told(self) -> PolicyProbs:
        """The policy; ValueError if nobody told it."""
        probs: PolicyProbs | None = vars(self).get("_told")
        if probs is None:
            raise ValueError(
                f"{type(self).__name__} goes by the learner's own policy, which it was not told: "
                "call set_policy(probs) first, or give policy='module:attr'"
            )
        return probs
