"""A folder of questions and answers that survives crashes, for teachers who are people.

    desk.json       schema, and how many annotators each question wants
    queries.jsonl   one question per line, with what is shown of its segments in stored order
    pictures/       files that `shown` names
    answers.jsonl   one event per line, only ever appended: an answer, a skip, or an undo
    handed.json     lines of answers.jsonl that were handed to the asker
    refused.jsonl   lines of answers.jsonl that don't count, and why
    desk.lock       held by the process that has the folder open

What `record` returned from is on the disk. Everything in memory is read from these files, so a
desk that is opened again is the same desk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Self

from plaudit.envs.types import State
from plaudit.feedback.asks import Answer
from plaudit.feedback.people.folder import FolderLock, settled
from plaudit.feedback.people.journal import Journal
from plaudit.feedback.people.leases import Leases
from plaudit.feedback.people.ledger import Ledger, numbers, ranges
from plaudit.feedback.people.records import Event, Kind, Question, read_questions
from plaudit.feedback.people.showing import Shown, show
from plaudit.feedback.types import Feedback, Query

LEASE = 300.0  # seconds for which a question that somebody looks at is offered to nobody else


class Desk:
    """Questions for people and their answers, kept in a folder; safe under threads.

    Questions count as long as their asker remembers them: all that the folder holds when it is
    opened, those that `set_state` brings back, and those posted since. Who posts a question again
    has forgotten its answers, so they are handed out once more.

    Source: own design.

    Args:
        directory: the folder; made if absent.
        per_question: annotators each question wants; None for what the folder says, or 1.
        lease: seconds for which a question that somebody took is offered to nobody else.
        foreign: others append to `answers.jsonl` too. A line that is no answer is then written to
            `refused.jsonl` with the reason, and all others count; otherwise it is an error.

    Raises:
        BlockingIOError: another process, or another desk in this one, has the folder open.
        ValueError: a file is damaged, or of another schema; the message names file and line.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        per_question: int | None = None,
        lease: float = LEASE,
        foreign: bool = False,
    ) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.directory)
        try:
            self.per_question = settled(self.directory, per_question)
            self._log = Journal(self.directory / "queries.jsonl")
            self._questions = read_questions(self._log)
            self._ledger = Ledger(self.directory, self._questions, foreign=foreign)
        except BaseException:
            self._lock.close()
            raise
        self._leases = Leases(lease)
        self._found = set(self._questions)  # of an earlier life, not posted again in this one
        self._posted: set[int] = set()
        self._guard = RLock()

    @property
    def pictures(self) -> Path:
        """The folder of the files that `Shown.picture` names."""
        return self.directory / "pictures"

    @property
    def questions(self) -> list[Question]:
        """The questions that count, in the order they were posted."""
        with self._guard:
            counts = self._found | self._posted
            return [q for q in self._questions.values() if q.query_id in counts]

    def question(self, query_id: int) -> Question:
        """One question; ValueError where there is none of this query_id."""
        with self._guard:
            if query_id not in self._questions:
                raise ValueError(f"no question has the query_id {query_id!r} in {self.directory}")
            return self._questions[query_id]

    @property
    def answers(self) -> list[Event]:
        """The answers and skips that were not taken back, in the order they came."""
        with self._guard:
            self._refresh()
            return list(self._ledger.events.values())

    def post(self, queries: Sequence[Query], now: int = 0) -> None:
        """Ask; the questions are on the disk when this returns.

        Args:
            queries: what is asked; the same question again asks for its answers again.
            now: by the asker's clock.

        Raises:
            ValueError: a query_id stands for another question already. Nothing is posted.
        """
        with self._guard:
            self._refresh()
            known, new = dict(self._questions), []
            for query in queries:
                question = Question.of(query, self._show(query), now)
                same = known.setdefault(question.query_id, question)
                if replace(question, asked=same.asked) != same:
                    raise ValueError(
                        f"query_id {question.query_id} was posted to {self.directory} before, with "
                        "other content; give each run a folder of its own"
                    )
                new += [question] * (same is question)
            if new:
                self._log.append([question.to_json() for question in new])
                self._questions |= read_questions(self._log)
            self._ask_again({query.query_id for query in queries})

    def waiting(self, annotator: str) -> list[int]:
        """The query_ids that an annotator may answer now, in the order they were posted."""
        with self._guard:
            self._refresh()
            return [q.query_id for q in self.questions if self._open_to(annotator, q.query_id)]

    def take(self, annotator: str) -> Question | None:
        """The first question that waits for an annotator; offered to nobody else for a while."""
        with self._guard:
            waiting = self.waiting(annotator)
            if not waiting:
                return None
            self._leases.take(annotator, waiting[0])
            return self._questions[waiting[0]]

    def record(
        self,
        query_id: int,
        annotator: str,
        answer: Answer | None = None,
        *,
        reason: str = "",
        comment: str = "",
        seconds: float | None = None,
    ) -> None:
        """Keep an answer; it is on the disk when this returns.

        Args:
            query_id: of the question.
            annotator: who answers.
            answer: in stored order (see `places`), or None for a skip.
            reason: why it is skipped.
            comment: what is said beside.
            seconds: how long it took.

        Raises:
            ValueError: an unknown question, an answer outside its space, a second one by the same
                annotator, or enough answers already. Nothing is stored.
        """
        with self._guard:
            self._refresh()
            self.question(query_id)
            given = self._ledger.given.get(query_id, {})
            if annotator in given:
                raise ValueError(f"query {query_id} was already answered by {annotator!r}")
            if len(given) >= self.per_question:
                raise ValueError(
                    f"query {query_id} wants {self.per_question} answers and has them, by "
                    f"{', '.join(given)}"
                )
            kind: Kind = "skip" if answer is None else "answer"
            self._ledger.write(Event(kind, query_id, annotator, answer, reason, comment, seconds))

    def undo(self, annotator: str) -> int:
        """Take back an annotator's latest answer or skip; the query_id, which waits again.

        Raises:
            ValueError: there is none, or it was handed to the asker already.
        """
        with self._guard:
            mine = [event.query_id for event in self.answers if event.annotator == annotator]
            if not mine:
                raise ValueError(f"{annotator!r} has given no answer that could be taken back")
            self._ledger.write(Event("undo", mine[-1], annotator))
            self._leases.take(annotator, mine[-1])
            return mine[-1]

    def progress(self, annotator: str) -> dict[str, int]:
        """Numbers of `questions`, and of those an annotator has answered, skipped, waiting."""
        with self._guard:
            waiting = len(self.waiting(annotator))
            given = [self._ledger.given.get(q.query_id, {}) for q in self.questions]
            mine = [events[annotator].event for events in given if annotator in events]
            return {
                "questions": len(given),
                "answered": mine.count("answer"),
                "skipped": mine.count("skip"),
                "waiting": waiting,
            }

    def unanswered(self, query_ids: Iterable[int]) -> list[int]:
        """Those of some questions that nobody has answered or skipped."""
        with self._guard:
            self._refresh()
            return [query_id for query_id in query_ids if not self._ledger.given.get(query_id)]

    def collect(
        self,
        now: int | None = None,
        first_of: Iterable[int] | None = None,
        *,
        undoable: bool = False,
    ) -> list[Feedback]:
        """Hand out answers and skips to questions that count, each once, as they came.

        Args:
            now: by the asker's clock; None for the time when each was asked.
            first_of: only the first answer to each of these questions; None for all there is.
            undoable: keep back the latest answer of everybody for whom another question waits.
        """
        with self._guard:
            handed, counts = self._ledger.handed, self._found | self._posted
            new = [e for e in self.answers if e.line not in handed and e.query_id in counts]
            if undoable:
                busy = {who for who in {e.annotator for e in new} if self.waiting(who)}
                latest = {e.annotator: e for e in new if e.annotator in busy}
                new = [event for event in new if event is not latest.get(event.annotator)]
            if first_of is not None:
                # Later ones of a key win, so backwards the first ones do.
                first = {event.query_id: event for event in reversed(new)}
                new = [first[key] for key in dict.fromkeys(first_of) if key in first]
            if new:
                self._ledger.hand(handed | {event.line for event in new})
            return [event.feedback(self._questions[event.query_id], now) for event in new]

    def get_state(self) -> State:
        """Which questions count, and which answers were handed out; JSON values, and few."""
        with self._guard:
            counts = self._found | self._posted
            return {"questions": ranges(counts), "handed": ranges(self._ledger.handed)}

    def set_state(self, state: State) -> None:
        """Go back: what came later is handed out again, once its question is posted again.

        Raises:
            ValueError: the folder lacks questions or answers of that time.
        """
        with self._guard:
            self._refresh()
            posted, handed = numbers(state["questions"]), numbers(state["handed"])
            if not posted <= set(self._questions) or max(handed, default=0) > self._ledger.lines:
                raise ValueError(f"{self.directory} is not the folder that this state belongs to")
            self._found, self._posted = set(), posted
            self._ledger.hand(handed & set(self._ledger.events))

    def close(self) -> None:
        """Let go of the folder; more than once does no harm."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refresh(self) -> None:
        if not self._lock.held:
            raise ValueError(f"the desk in {self.directory} was closed")
        self._ledger.refresh()

    def _show(self, query: Query) -> tuple[Shown, ...]:
        return tuple(show(segment, self.pictures) for segment in query.segments)

    def _open_to(self, annotator: str, query_id: int) -> bool:
        """Whether a question wants an answer by this annotator, those aside who look at it."""
        given = self._ledger.given.get(query_id, {})
        others = {*given, *self._leases.holders(query_id)} - {annotator}
        return annotator not in given and len(others) < self.per_question

    def _ask_again(self, query_ids: set[int]) -> None:
        """Count questions from now on, and hand out again what was answered to them."""
        if query_ids & self._found:
            # Whoever asked them has started over, and knows nothing of the others either.
            self._found.clear()
        self._posted |= query_ids
        self._ledger.take_back(query_ids)
