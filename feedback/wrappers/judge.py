"""A judge: asks a teacher about every new segment, and says what the answers are worth.

Asking and answering may lie apart: a simulated teacher may be late by the clock of steps, a person
or a model answers when it does. Nothing waits for them.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit import feedback
from plaudit.envs.types import State
from plaudit.feedback.asks import Answer, ask_from_json
from plaudit.feedback.loop import Spec, made
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Query
from plaudit.feedback.wrappers.answer_rewards import answer_reward, check_graded
from plaudit.feedback.wrappers.base import AnyEnv, inner


class Judgement(NamedTuple):
    """What somebody thinks of one segment.

    Attributes:
        row: whose it was.
        episode: of the row, as `Judge.episode` numbered it when the question was asked.
        step: of the episode, the last one that was judged, from 0.
        worth: of the answer as a reward.
    """

    row: int
    episode: int
    step: int
    worth: float


class Judge:
    """Asks about the segments that a RecordSegments inside cuts.

    Source: own design.

    Args:
        env: holds RecordSegments.
        teacher: registered name, or {"name": ..., settings}.
        ask: the question, as `Ask.to_json` writes it: rate, approve, react, check or mark; what
            their answers are worth stands in `answer_rewards`.
        missing: what a skip is worth; None for nothing, so that it is no judgement.

    Attributes:
        now: steps so far, the clock by which the teacher may be late.
        episode: (N,) number of each row's episode; `end` counts on.

    Raises:
        ValueError: the answers to such a question are no rewards.
    """

    def __init__(
        self, env: AnyEnv, teacher: Spec, ask: dict[str, Any], missing: float | None
    ) -> None:
        self._ask, self._missing = ask_from_json(ask), missing
        check_graded(self._ask)
        self.teacher: Teacher = made(feedback.make, teacher)
        recorder: Any = inner(env, "RecordSegments")
        self._recorder, self._pool = recorder, recorder.segments
        self._asked = self._pool.total  # segments asked about, or left out
        self._waiting: dict[int, Judgement] = {}  # by the question's number; worth nothing yet
        self.now = 0
        self.episode = np.zeros(getattr(env, "num_envs", 1), np.int64)

    def step(self) -> list[Judgement]:
        """Ask about what the latest step completed; returns what has been answered by now."""
        self.now += 1
        new = self._pool.total - self._asked
        if new > 0:
            self._submit(new)
        if not self._waiting:
            return []
        given = [self._judgement(f.query_id, f.answer) for f in self.teacher.poll(now=self.now)]
        return [judgement for judgement in given if judgement is not None]

    def end(self, rows: npt.NDArray[Any]) -> None:
        """The next questions about these rows, (n,) indices, are about their next episodes."""
        self.episode[rows] += 1

    def skip(self) -> None:
        """Leave out what a reset cut: it is not judged, since no step is left to be paid."""
        self._asked = self._pool.total

    def get_state(self) -> State:
        return {
            "teacher": self.teacher.get_state(),
            "asked": self._asked,
            "waiting": [[number, list(about)] for number, about in self._waiting.items()],
            "now": self.now,
            "episode": self.episode.copy(),
        }

    def set_state(self, state: State) -> None:
        self.teacher.set_state(state["teacher"])
        self._asked, self.now = int(state["asked"]), int(state["now"])
        self._waiting = {number: Judgement(*about) for number, about in state["waiting"]}
        self.episode = state["episode"].copy()

    def _submit(self, new: int) -> None:
        queries, rows = [], self._recorder.last_cut.tolist()
        for row, slot in zip(rows, self._pool.newest(new).tolist(), strict=True):
            segment, number = self._pool.segment(slot), self._asked
            queries.append(Query((segment,), self._ask, query_id=number))
            about = row, int(self.episode[row]), segment.ref.end - 1
            self._waiting[number] = Judgement(*about, worth=0.0)
            self._asked += 1
        self.teacher.submit(queries, now=self.now)

    def _judgement(self, number: int, answer: Answer | None) -> Judgement | None:
        if number not in self._waiting:
            raise ValueError(
                f"{self.teacher.name!r} answered question {number}, which is not open: it was "
                "never asked here, or has been answered before"
            )
        about = self._waiting.pop(number)
        if answer is None and self._missing is None:
            return None
        return about._replace(worth=answer_reward(self._ask, answer, self._missing or 0.0))
