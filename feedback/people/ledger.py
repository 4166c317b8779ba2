"""What was answered on a desk and what of it was handed on, as the files say."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from plaudit.feedback.atomic import replace_file
from plaudit.feedback.people.journal import Journal
from plaudit.feedback.people.records import Event, Question

ANSWERS, HANDED, REFUSED = "answers.jsonl", "handed.json", "refused.jsonl"


class Ledger:
    """The answers and skips that count, read from `answers.jsonl` and nowhere else.

    Source: own design.

    Args:
        folder: of the desk.
        questions: by query_id; new ones may be added later.
        foreign: see `Desk`.

    Attributes:
        events: answers and skips that were not taken back, by line.
        given: the same by query_id and annotator.
        handed: the lines of it that the asker has got; an undo never reaches those.
    """

    def __init__(self, folder: Path, questions: Mapping[int, Question], *, foreign: bool) -> None:
        self.events: dict[int, Event] = {}
        self.given: dict[int, dict[str, Event]] = {}
        self.handed = _read_handed(folder / HANDED)
        self._folder, self._questions, self._foreign = folder, questions, foreign
        self._log = Journal(folder / ANSWERS, cut=not foreign)
        self._refusals = Journal(folder / REFUSED)
        self._refused = {_refused_line(folder / REFUSED, *row) for row in self._refusals.new()}
        self.refresh()

    def refresh(self) -> None:
        """Read what others have appended since.

        Raises:
            ValueError: a line is damaged, unless others write here: then it is refused.
        """
        for line, data in self._log.new():
            if line in self._refused:
                continue
            try:
                self._enter(Event.from_line(data, line))
            except (ValueError, OverflowError, RecursionError) as error:
                if not self._foreign:
                    raise ValueError(f"{self._log.path}, line {line}: {error}") from error
                self._refuse(line, data, str(error))

    def write(self, event: Event) -> None:
        """Append an event and count it.

        Raises:
            ValueError: it can't count; nothing is written.
            OSError: the disk is full or refuses; nothing is written.
        """
        event = self._checked(event)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._log.append([replace(event, time=now).to_json()])
        self.refresh()

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return self._log.lines

    def hand(self, lines: Iterable[int]) -> None:
        """Note that exactly these lines were handed on."""
        self.handed = set(lines)
        content = json.dumps({"handed": ranges(self.handed)})
        replace_file(self._folder / HANDED, content.encode())

    def take_back(self, query_ids: Iterable[int]) -> None:
        """Note that what was answered to these questions was not handed on."""
        given = (self.given.get(query_id, {}) for query_id in query_ids)
        lines = {event.line for events in given for event in events.values()}
        if lines & self.handed:
            self.hand(self.handed - lines)

    def _enter(self, event: Event) -> None:
        event = self._checked(event)
        given = self.given.setdefault(event.query_id, {})
        if event.event == "undo":
            del self.events[given.pop(event.annotator).line]
        elif event.annotator not in given:  # exports tend to repeat themselves
            self.events[event.line] = given[event.annotator] = event

    def _checked(self, event: Event) -> Event:
        """The event with its answer as it is stored; ValueError if it can't count."""
        question = self._questions.get(event.query_id)
        if question is None:
            raise ValueError(f"no question has the query_id {event.query_id}")
        earlier = self.given.get(event.query_id, {}).get(event.annotator)
        where = f"query {event.query_id} was"
        if event.event == "undo":
            if earlier is None:
                raise ValueError(f"{where} not answered by {event.annotator!r}")
            if earlier.line in self.handed:
                raise ValueError(f"{where} handed to the asker already: too late to take it back")
            return event
        if event.answer is not None:
            event = replace(event, answer=question.check(event.answer))
        if earlier is not None and earlier.answer != event.answer:
            raise ValueError(
                f"{where} already answered by {event.annotator!r}, with another answer"
            )
        return event

    def _refuse(self, line: int, data: bytes, reason: str) -> None:
        text = data.decode("utf-8", "backslashreplace")
        self._refusals.append([{"line": line, "reason": reason, "text": text}])
        self._refused.add(line)


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Whole numbers as runs [first, last], which are few where there are many numbers."""
    runs = []
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        runs.append([members[0], members[-1]])
    return runs


def numbers(runs: Iterable[Iterable[int]]) -> set[int]:
    """The reverse of `ranges`."""
    return {number for first, last in runs for number in range(first, last + 1)}


def _read_handed(path: Path) -> set[int]:
    if not path.exists():
        return set()
    try:
        return numbers(json.loads(path.read_bytes())["handed"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error


def _refused_line(path: Path, line: int, data: bytes) -> int:
    try:
        return int(json.loads(data)["line"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}, line {line}: {error!r}") from error
