"""The lines of a desk: questions as people are asked them, and what happened to them."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np

from plaudit.feedback.asks import Answer, Ask, ask_from_json
from plaudit.feedback.people.journal import Journal
from plaudit.feedback.people.showing import Shown
from plaudit.feedback.types import Feedback, Query, is_duration, mended

Kind = Literal["answer", "skip", "undo"]


@dataclass(frozen=True)
class Question:
    """A query as a person is asked it.

    Attributes:
        query_id: of the query.
        ask: the question.
        order: `order[i]` is the stored index of what is shown at place i, see `places`.
        shown: what is shown of each segment, in stored order.
        steps: how long each segment is, in stored order.
        context: what is told beside, JSON values.
        asked: by the asker's clock.
        provenance: how the query was chosen; nothing that a person needs.
    """

    query_id: int
    ask: Ask
    order: tuple[int, ...]
    shown: tuple[Shown, ...]
    steps: tuple[int, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    asked: int = 0
    provenance: str = "uniform"

    @classmethod
    def of(cls, query: Query, shown: tuple[Shown, ...], asked: int) -> Self:
        """The question that a query is.

        Raises:
            ValueError: the context holds something else than JSON values.
        """
        try:
            context = json.loads(json.dumps(query.context, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"the context of query {query.query_id} must be JSON values: {error}"
            ) from error
        order = tuple(map(int, query.order))
        query_id, steps = int(query.query_id), tuple(map(len, query.segments))
        return cls(query_id, query.ask, order, shown, steps, context, int(asked), query.provenance)

    def check(self, answer: Any) -> Answer:
        """The answer as it is stored.

        Raises:
            ValueError: it lies outside the space, or nobody could give it: it is about a step that
                the segment lacks, or of a kind that a critique does not ask for.
        """
        plain = self.ask.check(answer)
        if self.ask.grain in ("step", "action"):
            (cells,) = self.ask.codes(np.array([plain]))
            odds = self.ask.log_random(self.ask.alike(self.steps[0]))
            for table, cell in zip(odds, cells, strict=True):
                # Nothing said, cell 0 of a critique's parts, is always an answer of a person.
                if cell > 0 and table[cell] == -np.inf:
                    raise ValueError(
                        f"{answer!r} names a step that a segment of {self.steps[0]} steps lacks, "
                        f"or what {self.ask} does not ask for"
                    )
        return plain

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; `from_json` reads them."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        shown = [item.to_json() for item in self.shown]
        lists = {"order": list(self.order), "steps": list(self.steps), "shown": shown}
        return fields | {"ask": self.ask.to_json()} | lists

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        shown = tuple(Shown.from_json(item) for item in fields["shown"])
        ask, order = ask_from_json(fields["ask"]), tuple(fields["order"])
        steps = tuple(fields["steps"])
        return cls(**(fields | {"ask": ask, "order": order, "steps": steps, "shown": shown}))


@dataclass(frozen=True)
class Event:
    """What one annotator did to one question.

    Attributes:
        event: "answer", "skip" or "undo" of either.
        query_id: of the question.
        annotator: who did it.
        answer: in stored order.
        reason: why it was skipped.
        comment: what was said beside, in words.
        seconds: how long it took, where that was measured.
        time: when, UTC; kept for people, nothing depends on it.
        line: of `answers.jsonl`, from 1.
    """

    event: Kind
    query_id: int
    annotator: str
    answer: Answer | None = None
    reason: str = ""
    comment: str = ""
    seconds: float | None = None
    time: str = ""
    line: int = 0

    def __post_init__(self) -> None:
        if self.event not in get_args(Kind):
            raise ValueError(
                f"event must be one of {', '.join(get_args(Kind))}, got {self.event!r}"
            )
        if type(self.query_id) is not int:
            raise ValueError(f"query_id must be an integer, got {self.query_id!r}")
        object.__setattr__(self, "annotator", checked_name(self.annotator))
        for name in ("reason", "comment", "time"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be words, got {getattr(self, name)!r}")
            object.__setattr__(self, name, mended(getattr(self, name)))
        if (self.event == "answer") != (self.answer is not None):
            raise ValueError(f"{self.event!r} can't have the answer {self.answer!r}")
        if self.event == "answer" and self.reason:
            raise ValueError(f"only a skip has a reason; got {self.reason!r}, use comment")
        if self.seconds is not None and not is_duration(self.seconds):
            raise ValueError(f"seconds must be a finite number of at least 0, got {self.seconds!r}")

    def feedback(self, question: Question, now: int | None) -> Feedback:
        """What the asker gets of an answer or a skip.

        Args:
            question: the one answered.
            now: by the asker's clock; None for the time when it was asked.
        """
        return Feedback(
            query_id=self.query_id,
            annotator=self.annotator,
            answer=self.answer,
            reason=self.reason or "skipped" * (self.answer is None),
            comment=self.comment,
            asked=question.asked,
            answered=question.asked if now is None else now,
            seconds=self.seconds,
            source="human",
        )

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values, without the line; `from_line` reads them."""
        fields = asdict(self)
        del fields["line"]
        return fields

    @classmethod
    def from_line(cls, data: bytes, line: int) -> Self:
        """The event of a line; one without "event" is an answer, or a skip where that is null.

        Raises:
            ValueError: it is damaged; the message says how. Fields of other names are let be.
        """
        try:
            given = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"this is no JSON: {error}") from error
        if not isinstance(given, dict) or not {"query_id", "annotator"} <= set(given):
            raise ValueError("expected an object with query_id, annotator and answer")
        known = {name: given[name] for name in cls.__dataclass_fields__ if name in given}
        event = "skip" if known.get("answer") is None else "answer"
        return cls(**({"event": event} | known | {"line": line}))


def read_questions(log: Journal) -> dict[int, Question]:
    """The questions of a `queries.jsonl`, by query_id, in the order they were posted.

    Raises:
        ValueError: a line is damaged; the message names file and line.
    """
    questions = {}
    for line, data in log.new():
        try:
            question = Question.from_json(json.loads(data))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{log.path}, line {line}: {error!r}") from error
        questions[question.query_id] = question
    return questions


def checked_name(name: Any) -> str:
    """An annotator's name as it is stored.

    Raises:
        ValueError: it is no text, or blank.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"annotator must be a name, got {name!r}")
    return str(mended(name))
