"""A simulated teacher: lens (what it sees) -> utility -> choice -> noise, with exact odds.

Every part is a pure function of a query and of what the teacher remembers, so `odds` and `probs`
are exact by construction; the only randomness is a draw per answer from the teacher's own stream.
Peers sample without exposing the odds, which is why nobody could test them (see
`tests/contracts/test_every_teacher.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.asks import Answer
from plaudit.feedback.asks.grading import ANYWHERE, MEANT
from plaudit.feedback.teachers.base import PolicyProbs, Teacher
from plaudit.feedback.teachers.choices.base import Choice
from plaudit.feedback.teachers.choices.calibration import stacked
from plaudit.feedback.teachers.drawing import draw, joint
from plaudit.feedback.teachers.noises.base import RECENT, Memory, Noise, Odds, Situation
from plaudit.feedback.teachers.utilities.base import OfSegment, Utility, utilities_of
from plaudit.feedback.types import Feedback, Query, Segment

Probs = npt.NDArray[np.float64]

Lens = Callable[[Segment], Segment]
"""What the teacher sees of a segment."""

CALIBRATION_SEGMENTS = 10
"""Fewest segments from which a teacher is calibrated: 45 pairs."""

MOST_STORED = 256
"""Most odds that are written into every `Feedback`."""


class Simulated(Teacher):
    """A simulated annotator whose answer distribution is exact and whose stream is its own.

    Source: own design; lenses, utilities, choices and noises name theirs.

    Args:
        lens: what it sees of a segment.
        utility: how much it likes that; a plain function is one of whole segments.
        choice: how utilities become odds.
        noises: applied in this order.
        seed: of the answers' stream. As many draws per query whatever is answered, so two teachers
            with one seed use the same luck on the same queries.
        name: the annotator's name in `Feedback`.

    What is given as a share, such as `agreement=`, is calibrated on the segments of the first batch
    it is asked about, which should be representative.
    """

    def __init__(
        self,
        lens: Lens,
        utility: Utility | Callable[[Segment], float],
        choice: Choice,
        noises: Sequence[Noise] = (),
        *,
        seed: int = 0,
        name: str = "teacher",
    ) -> None:
        self.lens, self.choice = lens, choice
        self.utility = utility if isinstance(utility, Utility) else OfSegment(utility)
        self.noises, self.seed, self.name = tuple(noises), seed, name
        self.memory = Memory()
        self._rng = stream(seed, "teacher")
        self._delays = stream(seed, "teacher's delays")
        self._tickets = 0
        self._pending: list[Feedback] = []

    def odds(self, query: Query, state: State | None = None) -> Odds:
        """Exact odds of the parts of an answer and of a skip; all noise included.

        Args:
            query: what is asked.
            state: the teacher's state as `get_state` gives it; None for the present one.

        Raises:
            ValueError: a segment hides what the lens opens, a utility is not finite or can't say
                what is asked, or something waits for its calibration.
        """
        if state is not None:
            return self._restored(state).odds(query)
        return self._odds(self._situation(query))

    def probs(self, query: Query, state: State | None = None) -> Probs:
        """Exact odds of every answer and, in the last cell, of a skip; all noise included.

        Args:
            query: what is asked.
            state: as `odds`.

        Returns:
            (answers + 1,) float64, sums to 1; the answers are `answers(query)`.

        Raises:
            ValueError: as `odds`, or there are too many answers (see `odds`), or real numbers (see
                `log_density`).
        """
        query.ask.answers()
        return joint(self.odds(query, state))

    def log_density(self, query: Query, number: float, state: State | None = None) -> float:
        """Log-density of a number said in answer to a continuous question, all noise included.

        Raises:
            ValueError: as `odds`, or the question is discrete.
        """
        if state is not None:
            return self._restored(state).log_density(query, number)
        ask: Any = query.ask
        if not ask.continuous:
            raise ValueError(f"{ask} has discrete answers; use probs")
        ask.check(number)
        situation = self._situation(query)
        (parts,), skip = self._odds(situation)
        if self.choice.blind:
            density = parts @ [0.0, 0.0, 1.0 / (ask.high - ask.low)]
            return float(np.log(density * (1.0 - skip)))
        felt, choice = float(self._felt(situation)[0]), self._rational()
        meant, reversed_ = (
            float(np.exp(ask.log_density(x, np.float64(felt), choice)))
            for x in (number, ask.low + ask.high - number)
        )
        density = parts @ [meant, reversed_, 1.0 / (ask.high - ask.low)]
        return float(np.log(density * (1.0 - skip)))

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> list[int]:
        self._pending += self.answer(queries, now=now)
        first, self._tickets = self._tickets, self._tickets + len(queries)
        return list(range(first, self._tickets))

    def poll(self, *, now: int | None = None) -> list[Feedback]:
        done = [f for f in self._pending if now is None or f.answered <= now]
        self._pending = [f for f in self._pending if now is not None and f.answered > now]
        return done

    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        if not queries:
            return []
        self.calibrate(queries)
        answers = [self._answer(query, now) for query in queries]
        self.memory = replace(self.memory, sessions=self.memory.sessions + 1)
        return answers

    def calibrate(self, queries: Sequence[Query]) -> None:
        """Fit whatever still waits for it to the segments of these queries.

        Raises:
            ValueError: there are too few of them.
        """
        if self.choice.calibrated and all(noise.calibrated for noise in self.noises):
            return
        judged = [self._utilities(q, self._see(q)).ravel() for q in queries]
        utilities = np.concatenate(judged)
        utilities = utilities[np.isfinite(utilities)]
        if len(utilities) < CALIBRATION_SEGMENTS:
            raise ValueError(
                f"{self.name!r} calibrates itself on the first batch of queries, which needs at "
                f"least {CALIBRATION_SEGMENTS} segments, got {len(utilities)}; ask about more at "
                "once, or give reference_returns"
            )
        if not self.choice.calibrated:
            # Segments of one batch can all be compared, actions only with those in their place.
            options = self.utility.relative or queries[0].ask.grain in ("action", "path")
            self.choice = self.choice.calibrate(stacked(judged) if options else utilities)
        self.noises = tuple(n if n.calibrated else n.calibrate(utilities) for n in self.noises)

    def set_policy(self, probs: PolicyProbs) -> None:
        self.utility.set_policy(probs)
        if hasattr(self.lens, "set_policy"):
            self.lens.set_policy(probs)

    def another(self, name: str, seed: int, *noises: Noise) -> "Simulated":
        """Another annotator of this kind: as calibrated, with its own luck and an empty memory.

        Args:
            name: of the other.
            seed: of the other.
            noises: applied after those of this one.
        """
        theirs = [noise.another(seed) for noise in self.noises]
        return Simulated(
            self.lens, self.utility, self.choice, (*theirs, *noises), seed=seed, name=name
        )

    def get_state(self) -> State:
        return {
            "rng": generator_state(self._rng),
            "delays": generator_state(self._delays),
            "choice": asdict(self.choice),
            "noises": [asdict(noise) for noise in self.noises],  # type: ignore[call-overload]
            "memory": {**asdict(self.memory), "recent": list(self.memory.recent)},
            "tickets": self._tickets,
            "pending": [feedback.to_json() for feedback in self._pending],
        }

    def set_state(self, state: State) -> None:
        self._rng = generator_from(state["rng"])
        self._delays = generator_from(state["delays"])
        self._remember(state)
        self._tickets = state["tickets"]
        self._pending = [Feedback.from_json(fields) for fields in state["pending"]]

    def _remember(self, state: State) -> None:
        self.choice = replace(self.choice, **state["choice"])
        pairs = zip(self.noises, state["noises"], strict=True)
        self.noises = tuple(replace(noise, **fields) for noise, fields in pairs)  # type: ignore[type-var]
        memory = state["memory"]
        self.memory = Memory(**{**memory, "recent": tuple(memory["recent"])})

    def _restored(self, state: State) -> "Simulated":
        """This teacher with the calibration and memory of a state."""
        other = Simulated(self.lens, self.utility, self.choice, self.noises, name=self.name)
        other._remember(state)
        return other

    def _see(self, query: Query) -> tuple[Segment, ...]:
        return () if self.choice.blind else tuple(map(self.lens, query.segments))

    def _utilities(self, query: Query, seen: tuple[Segment, ...]) -> Probs:
        if self.choice.blind:
            return query.ask.alike(len(query.segments[0]))
        return utilities_of(self.utility, seen, query)

    def _situation(self, query: Query) -> Situation:
        seen = self._see(query)
        return Situation(query, seen, self._utilities(query, seen), self.memory)

    def _felt(self, situation: Situation) -> Probs:
        utilities = situation.utilities
        for noise in self.noises:
            utilities = noise.utilities(utilities, situation)
        return utilities

    def _rational(self) -> Choice:
        factor = float(np.prod([noise.rationality(self.memory) for noise in self.noises]))
        return self.choice if factor == 1.0 else self.choice.scaled(factor)

    def _odds(self, situation: Situation) -> Odds:
        felt = self._felt(situation)
        odds = Odds(self._rational().odds(situation.query.ask, felt))
        for noise in self.noises:
            odds = noise.odds(odds, situation)
        return odds

    def _answer(self, query: Query, now: int) -> Feedback:
        situation = self._situation(query)
        odds = self._odds(situation)
        answer = self._draw(situation, odds)
        few = query.ask.count <= MOST_STORED
        delay = sum(noise.delay(self._delays) for noise in self.noises)
        feedback = Feedback(
            query_id=query.query_id,
            annotator=self.name,
            answer=answer,
            reason=self._reason(situation, odds) if answer is None else "",
            probs=tuple(joint(odds).tolist()) if few and not query.ask.continuous else None,
            asked=now,
            answered=now + delay,
            seed=self.seed,
        )
        self._note(situation)
        return feedback

    def _reason(self, situation: Situation, odds: Odds) -> str:
        """Why a question was skipped: the noise that made it certain, else just "skipped"."""
        so_far = Odds(odds.parts)
        for noise in self.noises:
            so_far = noise.odds(so_far, situation)
            if so_far.skip == 1.0:
                return noise.reason or "skipped"
        return "skipped"

    def _draw(self, situation: Situation, odds: Odds) -> Answer | None:
        """One answer; as many uniform numbers are drawn whatever it is."""
        ask: Any = situation.query.ask
        if not ask.continuous:
            count = len(odds.parts)
            cells = draw(odds, self._rng.random(1 if count == 1 else 1 + count))
            return None if cells is None else ask.answer(cells)
        which, place = self._rng.random(2)
        cells = draw(odds, np.array([which]))
        if cells is None:
            return None
        if cells[0] == ANYWHERE:
            return float(ask.low + place * (ask.high - ask.low))
        number = ask.quantile(place, float(self._felt(situation)[0]), self._rational())
        return float(number if cells[0] == MEANT else ask.low + ask.high - number)

    def _note(self, situation: Situation) -> None:
        judged = situation.utilities if situation.query.ask.grain == "segment" else ()
        recent = (*self.memory.recent, *map(float, judged))[-RECENT:]
        self.memory = replace(self.memory, answered=self.memory.answered + 1, recent=recent)
