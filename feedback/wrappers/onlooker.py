"""An onlooker: asks a teacher about every new segment, and says what the answers are worth."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit import feedback
from plaudit.envs.types import State
from plaudit.feedback.asks import ask_from_json
from plaudit.feedback.programs import Named
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.wrappers.base import AnyEnv, inner
from plaudit.feedback.wrappers.open_questions import OpenQuestions
from plaudit.feedback.wrappers.record_segments import check_covers


class Judgement(NamedTuple):
    """What somebody thinks of one segment.

    Attributes:
        row: whose it was.
        episode: of the row, as `Onlooker.episode` numbered it when the question was asked.
        step: of the episode, the last one that was judged, from 0.
        worth: of the answer as a reward.
    """

    row: int
    episode: int
    step: int
    worth: float


class Onlooker:
    """Asks about the segments that a RecordSegments inside cuts.

    Source: own design.

    Args:
        env: holds RecordSegments.
        teacher: registered name, or {"name": ..., settings}.
        ask, missing: as `OpenQuestions`.

    Attributes:
        now: steps so far, the clock by which the teacher may be late.
        episode: (N,) number of each row's episode; `end` counts on.

    Raises:
        ValueError: the answers to such a question are no rewards, or it asks about fewer steps than
            a segment may have.
    """

    def __init__(
        self, env: AnyEnv, teacher: Named, ask: Mapping[str, Any], missing: float | None
    ) -> None:
        self.teacher: Teacher = feedback.make(teacher)
        self._questions: OpenQuestions[tuple[int, int, int]] = OpenQuestions(
            self.teacher, ask, missing
        )
        recorder: Any = inner(env, "RecordSegments")
        check_covers(recorder, ask_from_json(dict(ask)))
        self._recorder, self._pool = recorder, recorder.segments
        self._seen = self._pool.total  # segments asked about, or left out
        self.now = 0
        self.episode = np.zeros(getattr(env, "num_envs", 1), np.int64)

    def step(self) -> list[Judgement]:
        """Ask about what the latest step completed; returns what has been answered by now."""
        self.now += 1
        new = self._pool.total - self._seen
        if new > 0:
            self._submit(new)
        elif not self._questions.waiting:
            return []
        return [Judgement(*about, worth) for about, worth in self._questions.answered(self.now)]

    def end(self, rows: npt.NDArray[Any]) -> None:
        """The next questions about these rows, (n,) indices, are about their next episodes."""
        self.episode[rows] += 1

    def skip(self) -> None:
        """Leave out what a reset cut: it is not judged, since no step is left to be paid."""
        self._seen = self._pool.total

    def get_state(self) -> State:
        """A fresh copy of everything the next judgements depend on."""
        return {
            "teacher": self.teacher.get_state(),
            "questions": self._questions.get_state(),
            "seen": self._seen,
            "now": self.now,
            "episode": self.episode.copy(),
        }

    def set_state(self, state: State) -> None:
        """Go back; the recorder must have gone back before."""
        self.teacher.set_state(state["teacher"])
        self._questions.set_state(state["questions"])
        self._seen, self.now = int(state["seen"]), int(state["now"])
        self.episode = state["episode"].copy()

    def _submit(self, new: int) -> None:
        questions = []
        rows, slots = self._recorder.last_cut.tolist(), self._pool.newest(new).tolist()
        for row, slot in zip(rows, slots, strict=True):
            segment = self._pool.segment(slot)
            questions.append((segment, (row, int(self.episode[row]), segment.ref.end - 1)))
        self._seen = self._pool.total
        self._questions.submit(questions, self.now)
