"""A simulated teacher: lens (what it sees) -> utility -> choice -> noise, with exact odds.

Every part is a pure function of a query, and each noise maps a distribution to a distribution, so
`Teacher.probs` is exact by construction; the only randomness is one uniform draw per query from
the teacher's own stream. Peers sample without exposing the odds, which is why nobody could test
them (see `tests/contracts/test_every_teacher.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.types import Ask, Feedback, Query, Segment

Probs = npt.NDArray[np.float64]

Lens = Callable[[Segment], Segment]
"""What the teacher sees of a segment."""

Utility = Callable[[Segment], float]
"""How much the teacher likes what it sees."""

Noise = Callable[[Probs, Query], Probs]
"""What spoils an answer: (answers + 1,) odds, last cell skip, to the same; pure."""

CALIBRATION_SEGMENTS = 10
"""Fewest segments from which a choice is calibrated: 45 pairs."""


@dataclass(frozen=True)
class Choice(ABC):
    """How utilities become an answer. A frozen record of JSON-able settings.

    Attributes:
        blind: True where utilities are ignored; the lens is then never opened.
    """

    blind: ClassVar[bool] = False

    @abstractmethod
    def probs(self, ask: Ask, utilities: Probs) -> Probs:
        """Odds of every answer, (answers,), given the utilities of the segments, (K,)."""

    @property
    def calibrated(self) -> bool:
        """Whether `probs` can be asked for."""
        return True

    def calibrate(self, utilities: Probs) -> Self:
        """This choice fitted to the utilities of representative segments, (N,)."""
        return self


class Teacher:
    """A simulated annotator whose answer distribution is exact and whose stream is its own.

    Source: own design; choices and noises name theirs.

    Args:
        lens: what it sees of a segment.
        utility: how much it likes that.
        choice: how utilities become odds; one given by `agreement=` is calibrated on the segments
            of the first batch it is asked about, which should be representative.
        noises: applied in this order.
        seed: of the answers' stream. One draw per query, so two teachers with one seed use the
            same luck on the same queries.
        name: the annotator's name in `Feedback`.
    """

    def __init__(
        self,
        lens: Lens,
        utility: Utility,
        choice: Choice,
        noises: Sequence[Noise] = (),
        *,
        seed: int = 0,
        name: str = "teacher",
    ) -> None:
        self.lens, self.utility, self.choice = lens, utility, choice
        self.noises, self.seed, self.name = tuple(noises), seed, name
        self._rng = stream(seed, "teacher")
        self._tickets = 0
        self._pending: list[Feedback] = []

    def answers(self, query: Query) -> tuple[int, ...]:
        """The answers that the cells of `probs` stand for, skip aside, in order."""
        return tuple(range(int(query.ask.space.n)))

    def probs(self, query: Query, state: State | None = None) -> Probs:
        """Exact odds of every answer and, in the last cell, of a skip; all noise included.

        Args:
            query: what is asked.
            state: the teacher's state as `get_state` gives it; None for the present one.

        Returns:
            (answers + 1,) float64, sums to 1.

        Raises:
            ValueError: a segment hides what the lens opens, a utility is not finite, or the
                choice waits for its calibration.
        """
        choice = self.choice if state is None else replace(self.choice, **state["choice"])
        probs = np.append(choice.probs(query.ask, self._utilities(query)), 0.0)
        for noise in self.noises:
            probs = noise(probs, query)
        return probs

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> list[int]:
        """Ask; the answers wait in `poll`. Returns one ticket per query, counted from 0.

        Args:
            queries: what is asked.
            now: by the asker's clock, kept in `Feedback.asked` and `answered`.
        """
        self._pending += self.answer(queries, now=now)
        first, self._tickets = self._tickets, self._tickets + len(queries)
        return list(range(first, self._tickets))

    def poll(self) -> list[Feedback]:
        """What was answered since the last poll, in the order of the tickets."""
        done, self._pending = self._pending, []
        return done

    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        """Ask and wait: one feedback per query, in their order."""
        if queries and not self.choice.calibrated:
            self.choice = self.choice.calibrate(self._calibration(queries))
        return [self._answer(query, now) for query in queries]

    def get_state(self) -> State:
        """The stream, the calibration and what waits in `poll`; a fresh copy."""
        return {
            "rng": generator_state(self._rng),
            "choice": asdict(self.choice),
            "tickets": self._tickets,
            "pending": [feedback.to_json() for feedback in self._pending],
        }

    def set_state(self, state: State) -> None:
        self._rng = generator_from(state["rng"])
        self.choice = replace(self.choice, **state["choice"])
        self._tickets = state["tickets"]
        self._pending = [Feedback.from_json(fields) for fields in state["pending"]]

    def _answer(self, query: Query, now: int) -> Feedback:
        probs = self.probs(query)
        cell = _draw(probs, self._rng.random())
        skipped = cell == len(probs) - 1
        return Feedback(
            query_id=query.query_id,
            annotator=self.name,
            answer=None if skipped else cell,
            reason="skipped" if skipped else "",
            probs=tuple(probs.tolist()),
            asked=now,
            answered=now,
            seed=self.seed,
        )

    def _utilities(self, query: Query) -> Probs:
        if self.choice.blind:
            return np.zeros(len(query.segments))
        utilities = np.array([self.utility(self.lens(segment)) for segment in query.segments])
        if not np.isfinite(utilities).all():
            raise ValueError(
                f"query {query.query_id}: utilities must be finite, got {utilities.tolist()}"
            )
        return utilities

    def _calibration(self, queries: Sequence[Query]) -> Probs:
        utilities = np.concatenate([self._utilities(query) for query in queries])
        if len(utilities) < CALIBRATION_SEGMENTS:
            raise ValueError(
                f"{self.name!r} calibrates itself on the first batch of queries, which needs at "
                f"least {CALIBRATION_SEGMENTS} segments, got {len(utilities)}; ask about more at "
                "once, or give reference_returns"
            )
        return utilities


def _draw(probs: Probs, uniform: float) -> int:
    """The cell in which a uniform draw in [0, 1) falls; never one of probability 0."""
    edges = np.cumsum(probs)
    return int(np.searchsorted(edges / edges[-1], uniform, side="right"))
