"""Open questions: what a teacher was asked and has not answered yet, and what each is about.

Asking and answering may lie apart: a simulated teacher may be late by the clock of steps, a person
or a model answers when it does. Nothing waits for them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from plaudit.envs.types import State
from plaudit.feedback.asks import ask_from_json
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Query, Segment
from plaudit.feedback.wrappers.answer_rewards import answer_reward, check_graded

About = TypeVar("About", bound=tuple[Any, ...])


class OpenQuestions(Generic[About]):
    """Asks a teacher about segments, and says what the answers are worth.

    Source: own design.

    Args:
        teacher: who is asked.
        ask: the question, as `Ask.to_json` writes it: rate, approve, react, check or mark; what
            their answers are worth stands in `answer_rewards`.
        missing: what a skip is worth; None for nothing, so that it is no answer.

    Attributes:
        teacher: as given.

    Raises:
        ValueError: the answers to such a question are no rewards.
    """

    def __init__(self, teacher: Teacher, ask: Mapping[str, Any], missing: float | None) -> None:
        self.teacher = teacher
        self._ask, self._missing = ask_from_json(ask), missing
        check_graded(self._ask)
        self._asked = 0
        self._open: dict[int, About] = {}  # what they are about, by the question's number

    @property
    def waiting(self) -> bool:
        """Whether any question has not been answered."""
        return bool(self._open)

    @property
    def open(self) -> list[About]:
        """What the questions are about that have not been answered."""
        return list(self._open.values())

    def submit(
        self,
        questions: Sequence[tuple[Segment, About]],
        now: int,
        contexts: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Ask about segments.

        Args:
            questions: (segment, what it is about, a tuple of JSON values).
            now: by the asker's clock.
            contexts: of each, for `Query.context`; None: there is none.
        """
        queries = []
        contexts = [{}] * len(questions) if contexts is None else contexts
        for (segment, about), context in zip(questions, contexts, strict=True):
            self._open[self._asked] = about
            queries.append(Query((segment,), self._ask, (), dict(context), self._asked))
            self._asked += 1
        self.teacher.submit(queries, now=now)

    def answered(self, now: int) -> list[tuple[About, float]]:
        """What has been answered by now: what it is about, and its worth.

        Raises:
            ValueError: the teacher answers what is not open.
        """
        if not self._open:
            return []
        given = []
        for one in self.teacher.poll(now=now):
            if one.query_id not in self._open:
                raise ValueError(
                    f"{self.teacher.name!r} answered question {one.query_id}, which is not open: "
                    "it was never asked here, or has been answered before"
                )
            about = self._open.pop(one.query_id)
            if one.answer is not None or self._missing is not None:
                given.append((about, answer_reward(self._ask, one.answer, self._missing or 0.0)))
        return given

    def get_state(self) -> State:
        """A fresh copy of everything the next answers depend on, the teacher's state apart."""
        open_ = [[number, list(about)] for number, about in self._open.items()]
        return {"asked": self._asked, "open": open_}

    def set_state(self, state: State) -> None:
        """Go back."""
        self._asked = int(state["asked"])
        open_: Any = {int(number): tuple(about) for number, about in state["open"]}
        self._open = open_
