"""Who sits at which question: what each annotator is shown, and which forms still count.

Every question shown carries a form number of its own. Whatever happens to the question ends the
form: then an old window, a double click or an answer that comes too late is refused, and nothing
that is stored changes.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from threading import Condition
from time import monotonic
from typing import Any, NamedTuple

from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.places import stored_answer
from plaudit.feedback.people.web.sheet import sheet

POLL = 1.0  # seconds between a waiting page's looks for a question, as in page.js
FAREWELL = 2 * POLL  # seconds for which the end waits until waiting pages have heard of it


class Stale(ValueError):
    """A form that no longer counts; the message says why."""


class Form(NamedTuple):
    """What an annotator was shown last.

    Attributes:
        number: unguessable, and never used twice.
        query_id: of the question; None where there was none.
    """

    number: str
    query_id: int | None


class Sittings:
    """Annotators at one desk; safe under threads.

    Source: own design.

    Args:
        desk: the questions.
        annotators: who answers.
        more: whether questions may still come: a page without any then waits for them.
    """

    def __init__(self, desk: Desk, annotators: Iterable[str], *, more: bool) -> None:
        self.desk = desk
        self._more, self._ended = more, False
        self._forms = {name: Form(_number(), None) for name in annotators}
        self._waiting: dict[str, float] = {}  # when a page without a question last looked for one
        self._changed = Condition()

    def current(self, annotator: str) -> dict[str, Any]:
        """What an annotator's page shows now, JSON values.

        Returns:
            "state": "question" with the fields of `sheet`, "waiting" or "done"; "form": what an
            answer must name; "progress": how far this annotator is.
        """
        with self._changed:
            question = self.desk.take(annotator)
            query_id = None if question is None else question.query_id
            if self._forms[annotator].query_id != query_id:
                self._forms[annotator] = Form(_number(), query_id)
            shown = {"state": self._idle(annotator)} if question is None else sheet(question)
            progress = self.desk.progress(annotator)
            form = self._forms[annotator].number
            return {"state": "question"} | shown | {"form": form, "progress": progress}

    def answer(self, annotator: str, form: str, shown: Any, **beside: Any) -> None:
        """Keep an answer about places.

        Args:
            annotator: who answers.
            form: of the question shown.
            shown: the answer, in which "first" means shown first.
            beside: comment and seconds, see `Desk.record`.

        Raises:
            Stale: the form no longer counts.
            ValueError: the answer lies outside the space.
        """
        with self._changed:
            question = self.desk.question(self._asked(annotator, form))
            stored = stored_answer(question.ask, question.order, shown)
            self._record(annotator, question.query_id, stored, **beside)

    def skip(self, annotator: str, form: str, **beside: Any) -> None:
        """Keep that an annotator gives no answer.

        Args:
            annotator: who skips.
            form: of the question shown.
            beside: reason, comment and seconds, see `Desk.record`.

        Raises:
            Stale: the form no longer counts.
        """
        with self._changed:
            self._record(annotator, self._asked(annotator, form), None, **beside)

    def undo(self, annotator: str, form: str) -> None:
        """Take back an annotator's latest answer.

        Args:
            annotator: who wants it back.
            form: of what is shown.

        Raises:
            Stale: the form no longer counts, there is no answer, or it has been used already.
        """
        with self._changed:
            self._check(annotator, form)
            try:
                self.desk.undo(annotator)
            except ValueError as error:
                raise Stale(f"This can't be taken back: {error}.") from error
            self._forms[annotator] = Form(_number(), None)

    def end(self) -> None:
        """Nothing more is asked; returns when the pages that wait have heard of it."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: not self._listening(), FAREWELL)

    def _idle(self, annotator: str) -> str:
        """What a page without a question is told."""
        if not self._ended and (self._more or self._left(annotator)):
            self._waiting[annotator] = monotonic()
            return "waiting"
        self._waiting.pop(annotator, None)
        self._changed.notify_all()
        return "done"

    def _left(self, annotator: str) -> bool:
        """Whether somebody else looks at a question that this annotator may still get."""
        events = self.desk.answers
        given = Counter(event.query_id for event in events)
        mine = {event.query_id for event in events if event.annotator == annotator}
        wanted = self.desk.per_question
        return any(
            q.query_id not in mine and given[q.query_id] < wanted for q in self.desk.questions
        )

    def _listening(self) -> bool:
        return any(monotonic() - seen < 2 * POLL for seen in self._waiting.values())

    def _asked(self, annotator: str, form: str) -> int:
        """The question of a form that counts."""
        query_id = self._check(annotator, form).query_id
        if query_id is None:
            raise Stale("There is no question to answer at the moment.")
        return query_id

    def _check(self, annotator: str, form: str) -> Form:
        held = self._forms[annotator]
        if form != held.number:
            raise Stale(
                "This was shown earlier and has been answered, taken back or passed on meanwhile. "
                "Nothing was changed; here is what is asked now."
            )
        return held

    def _record(self, annotator: str, query_id: int, stored: Any, **beside: Any) -> None:
        try:
            self.desk.record(query_id, annotator, stored, **beside)
        except ValueError as error:
            raise Stale(f"This answer came too late: {error}.") from error
        self._forms[annotator] = Form(_number(), None)


def _number() -> str:
    return secrets.token_urlsafe(12)
