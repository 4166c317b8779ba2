"""A person at the terminal: what is to be judged side by side, and one line typed per question."""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from plaudit.feedback.people.base import DeskTeacher
from plaudit.feedback.people.places import stored_answer, titles
from plaudit.feedback.people.records import Question
from plaudit.feedback.people.showing import HEAD, Shown
from plaudit.feedback.people.typed import how_to, typed_answer
from plaudit.feedback.types import Query

NARROW = 30  # columns of a terminal that one segment needs beside others
COMMANDS = "s skip (s why)   u undo   q stop for now   a comment after #"


class TerminalTeacher(DeskTeacher):
    """Asks whoever sits at the terminal.

    `submit` posts questions, `session` asks what waits, `answer` does both; `poll` never waits.
    What can be typed is told in `typed`; `s` skips, `u` takes back the answer before, `q` stops, as
    does the end of the input. Each answer is on the disk before the next question is asked.

    Source: own design.

    Args:
        directory: the desk's folder, one per run; made if absent.
        annotator: the person's name in `Feedback`.
        per_question: annotators each question wants; None for what the folder says, or 1.
        at_once: whether `submit` asks too, for loops that know nothing of `session`.
        script: a text file whose lines are typed in the person's place, for tests and demos.

    Raises:
        BlockingIOError: the folder is open elsewhere.
        ValueError: a file in it is damaged.
        OSError: the script can't be read.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        annotator: str = "me",
        per_question: int | None = None,
        at_once: bool = False,
        script: str | Path | None = None,
    ) -> None:
        lines = None if script is None else Path(script).read_text("utf-8").splitlines()
        super().__init__(directory, name=annotator, per_question=per_question)
        self.at_once = at_once
        self._script: Iterator[str] | None = None if lines is None else iter(lines)
        self._console = Console(highlight=False)

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> None:
        super().submit(queries, now=now)
        if self.at_once:
            self.session()

    def wait(self, query_ids: Sequence[int]) -> str:
        """Ask all that waits; who stops before the end is said to skip these for "stopped"."""
        self.session()
        return "stopped"

    def session(self) -> None:
        """Ask at the terminal until nothing waits for this person, or until `q`."""
        going_on = True
        while going_on and (question := self.desk.take(self.name)) is not None:
            self._present(question)
            going_on = self._ask(question)

    def _present(self, question: Question) -> None:
        progress, out = self.desk.progress(self.name), self._console
        done = progress["answered"] + progress["skipped"]
        out.rule(f"{done + 1} of {done + progress['waiting']}")
        for name, value in question.context.items():
            out.print(_clean(f"{name}: {value}"))
        panels = [
            Panel(_content(question.shown[index], self.desk.pictures), title=title)
            for title, index in zip(titles(question.ask), question.order, strict=True)
        ]
        if out.width >= NARROW * len(panels):
            grid = Table.grid(expand=True)
            for _ in panels:
                grid.add_column(ratio=1)
            grid.add_row(*panels)
            panels = [grid]  # type: ignore[list-item]
        for panel in panels:
            out.print(panel)
        out.print(_clean(question.ask.question), style="bold")
        out.print(_clean(how_to(question.ask)))
        out.print(COMMANDS, style="dim")

    def _ask(self, question: Question) -> bool:
        """Read lines until one of them counts; whether to go on."""
        start = monotonic()
        while (line := self._line()) not in (None, "q"):
            try:
                self._take_down(question, str(line), monotonic() - start)
                return True
            except ValueError as error:
                self._console.print(_clean(str(error)), style="red")
        return False

    def _take_down(self, question: Question, line: str, seconds: float) -> None:
        said, _, comment = (f"{line} ").partition(" # ")
        said, comment = said.strip(), comment.strip()
        command, _, reason = said.partition(" ")
        if said == "u":
            self.desk.undo(self.name)
        elif command == "s":
            self.desk.record(
                question.query_id, self.name, reason=reason, comment=comment, seconds=seconds
            )
        else:
            answer = stored_answer(question.ask, question.order, typed_answer(question.ask, said))
            self.desk.record(question.query_id, self.name, answer, comment=comment, seconds=seconds)

    def _line(self) -> str | None:
        """The next line typed, or None at the end of the input."""
        try:
            if self._script is None:
                return self._console.input("> ").strip()
            line = next(self._script).strip()
        except (EOFError, StopIteration):
            return None
        self._console.print(_clean(f"> {line}"))
        return line


def _content(shown: Shown, pictures: Path) -> RenderableType:
    if shown.kind == "text":
        return _clean(shown.text)
    if shown.kind == "picture":
        return Text(f"open {pictures / shown.picture}", overflow="fold")
    table = Table(*HEAD, box=None)
    for row in shown.table:
        table.add_row(*row)
    return table


def _clean(text: str) -> Text:
    """Text without control characters, which could rewrite the terminal."""
    harmless = (c if c in "\n\t" or unicodedata.category(c) != "Cc" else "\ufffd" for c in text)
    return Text("".join(harmless))
