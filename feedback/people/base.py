"""Teachers who are people: they are asked through a `Desk`, and may take long."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event, RLock
from time import monotonic
from typing import Self

from plaudit.envs.types import State
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.records import checked_name
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Feedback, Query

PATIENCE = 86_400.0  # seconds
PAUSE = 0.2  # seconds between two looks at the desk


class DeskTeacher(Teacher):
    """Whoever answers at a desk. Questions and answers outlive the process.

    A run that starts over in the same folder, from the beginning or from a checkpoint, asks again
    what it has forgotten and gets the answers that are there, so nobody is asked twice.

    Source: own design.

    Args:
        directory: the desk's folder, one per run; made if absent.
        name: who is said to skip what nobody answered in time.
        per_question: annotators each question wants; None for what the folder says, or 1.
        patience: seconds that `answer` waits; then it skips, for the reason "time-out".
        foreign: as `Desk`.

    Raises:
        BlockingIOError: the folder is open elsewhere.
        ValueError: a file in it is damaged, or the name is none.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        name: str,
        per_question: int | None = None,
        patience: float = PATIENCE,
        foreign: bool = False,
    ) -> None:
        if not isinstance(patience, int | float) or not patience >= 0:
            raise ValueError(f"patience must be at least 0 seconds, got {patience!r}")
        self.name, self.patience = checked_name(name), patience
        self.desk = Desk(directory, per_question=per_question, foreign=foreign)
        self._closing, self._answering = Event(), RLock()

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> None:
        self.desk.post(queries, now)

    def poll(self, *, now: int | None = None) -> list[Feedback]:
        return self.desk.collect(now)

    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        query_ids = [query.query_id for query in queries]
        with self._answering:
            self.desk.post(queries, now)
            reason = self.wait(query_ids)
            for query_id in self.desk.unanswered(query_ids):
                self.desk.record(query_id, self.name, reason=reason)
            first = {f.query_id: f for f in self.desk.collect(now, first_of=query_ids)}
        return [first[query_id] for query_id in query_ids]

    def wait(self, query_ids: Sequence[int]) -> str:
        """Return when all of these are answered or nobody will go on; why not, else "time-out"."""
        end = monotonic() + self.patience
        while self.desk.unanswered(query_ids) and monotonic() < end:
            if self._closing.wait(PAUSE):
                return "closed"
        return "time-out"

    def get_state(self) -> State:
        return {"desk": self.desk.get_state()}

    def set_state(self, state: State) -> None:
        self.desk.set_state(state["desk"])

    def close(self) -> None:
        """Let go of the folder; more than once does no harm.

        Who waits in `answer` meanwhile gets what is there and skips the rest for "closed".
        """
        self._closing.set()
        with self._answering:
            self.desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
