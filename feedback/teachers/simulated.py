"""A simulated teacher: lens (what it sees) -> utility -> choice -> noise, with exact odds.

Every part is a pure function of a query and of what the teacher remembers, so `odds` and `probs`
are exact by construction; the only randomness is a draw per answer from the teacher's own stream.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.asks import Answer
from plaudit.feedback.asks.grading import ANYWHERE, MEANT
from plaudit.feedback.teachers.base import PolicyProbs, Teacher
from plaudit.feedback.teachers.calibrating import ENOUGH, calibrated, fitted, known
from plaudit.feedback.teachers.choices.base import Choice
from plaudit.feedback.teachers.drawing import draw, joint
from plaudit.feedback.teachers.noises.base import (
    RECENT,
    Memory,
    Noise,
    Odds,
    Situation,
    skip_reason,
)
from plaudit.feedback.teachers.utilities.base import OfSegment, Utility, utilities_of
from plaudit.feedback.types import Feedback, Query, Segment

Probs = npt.NDArray[np.float64]

Lens = Callable[[Segment], Segment]
"""What the teacher sees of a segment."""

MOST_STORED = 256
"""Most odds that are written into every `Feedback`."""


class Simulated(Teacher):
    """A simulated annotator whose answer distribution is exact and whose stream is its own.

    Source: own design; the parts name theirs.

    Args:
        lens: what it sees of a segment.
        utility: how much it likes that; a plain function is one of whole segments.
        choice: how utilities become odds.
        noises: applied in this order.
        seed: of the answers' stream. As many draws per query whatever is answered, so two teachers
            with one seed use the same luck on the same queries.
        name: the annotator's name in `Feedback`.

    What is given as a share, such as `agreement=`, is calibrated on the first 100 segments it is
    asked about, which should be representative; what is submitted before these are seen is skipped.
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
        self.noises, self.name = tuple(noises), name
        self.seed = int(limits.check_range("seed", seed, 0, inf, integer=True))
        self.memory = Memory()
        self._rng = stream(seed, "teacher")
        self._delays = stream(seed, "teacher's delays")
        self._pending: list[Feedback] = []
        self._scale: list[Probs] = []  # utilities seen before it is calibrated

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
            ValueError: as `odds`, or the answers are too many or real numbers (`log_density`).
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
        felt, choice, said = self._felt(situation)[0], self._rational(), [0.0, 0.0]
        if not self.choice.blind:
            meant_or_reversed = np.array([number, ask.low + ask.high - number])
            said = np.exp(ask.log_density(meant_or_reversed, felt, choice)).tolist()
        density = parts @ [*said, 1.0 / (ask.high - ask.low)]
        return float(np.log(density * (1.0 - skip)))

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> None:
        if self.learn_scale(queries):
            self._pending += self.answer(queries, now=now)
        else:
            self.pass_over(queries, now)

    def poll(self, *, now: int | None = None) -> list[Feedback]:
        done = [f for f in self._pending if now is None or f.answered <= now]
        self._pending = [f for f in self._pending if now is not None and f.answered > now]
        return sorted(done, key=lambda feedback: feedback.answered)

    def pass_over(self, queries: Sequence[Query], now: int) -> None:
        """Skip questions that came before the teacher knew the scale."""
        skip = Feedback(0, self.name, None, "calibrating", asked=now, answered=now)
        self._pending += [replace(skip, query_id=query.query_id) for query in queries]

    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        if not queries:
            return []
        self.calibrate(queries)
        answers = [self._answer(query, now) for query in queries]
        self.memory = replace(self.memory, sessions=self.memory.sessions + 1)
        return answers

    def calibrate(self, queries: Sequence[Query]) -> None:
        """Fit whatever still waits for it to these queries and all that were submitted before.

        Raises:
            ValueError: there are too few of them.
        """
        if not self.learn_scale(queries):
            seen, self._scale = known(self._scale), []
            raise ValueError(
                f"{self.name!r} calibrates itself on the first {ENOUGH} segments it is asked "
                f"about, got {seen}; ask about more at once, or give reference_returns"
            )

    def learn_scale(self, queries: Sequence[Query]) -> bool:
        """Look at queries in order to be calibrated, where that is needed; whether it is done."""
        if calibrated(self.choice, self.noises):
            return True
        for query in queries:
            self._scale += query.ask.options(self._utilities(query, self._see(query)))
        if known(self._scale) < ENOUGH:
            return False
        ask = queries[0].ask  # segments compare with all others, actions within their place
        within = self.utility.relative or ask.grain in ("action", "path")
        self.choice, self.noises = fitted(
            self.choice, self.noises, self._scale, within=within, ties=getattr(ask, "ties", False)
        )
        self._scale = []
        return True

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
        all_ = (*(noise.another(seed) for noise in self.noises), *noises)
        return Simulated(self.lens, self.utility, self.choice, all_, seed=seed, name=name)

    def get_state(self) -> State:
        return {
            "rng": generator_state(self._rng),
            "delays": generator_state(self._delays),
            "choice": asdict(self.choice),
            "noises": [asdict(noise) for noise in self.noises],  # type: ignore[call-overload]
            "memory": {**asdict(self.memory), "recent": list(self.memory.recent)},
            "pending": [feedback.to_json() for feedback in self._pending],
            "scale": [row.tolist() for row in self._scale],
        }

    def set_state(self, state: State) -> None:
        self._rng = generator_from(state["rng"])
        self._delays = generator_from(state["delays"])
        self._remember(state)
        self._pending = [Feedback.from_json(fields) for fields in state["pending"]]
        self._scale = [np.array(row, np.float64) for row in state["scale"]]

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
            reason=skip_reason(self.noises, situation, odds) if answer is None else "",
            probs=tuple(joint(odds).tolist()) if few and not query.ask.continuous else None,
            asked=now,
            answered=now + delay,
            seed=self.seed,
        )
        self._note(situation)
        return feedback

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
