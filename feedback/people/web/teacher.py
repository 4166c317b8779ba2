"""WebTeacher: people judge in the browser."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from plaudit.envs.names import nearest
from plaudit.feedback.people.base import PATIENCE, DeskTeacher
from plaudit.feedback.types import Feedback


class WebTeacher(DeskTeacher):
    """People who judge on a page of this machine, which is generated from the question.

    Each annotator has a link of their own, printed when the teacher is made; links hold a secret
    and end with the run. Several annotators judge at the same time, and what one looks at is
    offered to no other. The page shows what the desk keeps in `directory`; after a crash, `python
    -m plaudit.feedback.people.web DIRECTORY` shows it again without the run.

    Source: own design.

    Args:
        directory: of the desk, one per run; made if absent.
        port: of the loopback address; 0 for any that is free.
        annotators: their names, as `Feedback` gives them.
        per_question: annotators each question wants; None for what the folder says, or 1.
        patience: seconds that `answer` waits; then it skips, for the reason "time-out".
        name: who is said to skip then.

    Raises:
        BlockingIOError: the folder is open elsewhere.
        ImportError: Flask is not installed; the message says how to get it.
        OSError: the port is taken.
        ValueError: a file of the folder is damaged, the annotators are not different names or
            fewer than each question wants, or there is no such port.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        port: int = 0,
        annotators: Sequence[str] = ("me",),
        per_question: int | None = None,
        patience: float = PATIENCE,
        name: str = "web",
    ) -> None:
        server = load_server()
        super().__init__(directory, name=name, per_question=per_question, patience=patience)
        try:
            self._server = server.WebServer(self.desk, annotators, port=port)
            wanted, there = self.desk.per_question, len(self._server.links)
            if wanted > there:
                self._server.close()
                raise ValueError(
                    f"each question wants {wanted} annotators, but there is a link for {there} "
                    "only; give more names, or a smaller per_question"
                )
        except BaseException:
            super().close()
            raise
        for annotator, link in self._server.links.items():
            print(f"{annotator} judges at {link}", file=sys.stderr, flush=True)

    def url(self, annotator: str) -> str:
        """The link of an annotator's page.

        Raises:
            KeyError: nobody of this name.
        """
        links: dict[str, str] = self._server.links
        if annotator not in links:
            raise KeyError(f"unknown annotator {annotator!r}{nearest(annotator, links)}")
        return links[annotator]

    def poll(self, *, now: int | None = None) -> list[Feedback]:
        # What somebody at work answered last can still be taken back.
        return self.desk.collect(now, undoable=True)

    def close(self) -> None:
        """Say goodbye to the pages that wait, stop the server and let go of the folder."""
        self._server.close()
        super().close()


def load_server() -> ModuleType:
    """The server's module, which needs Flask.

    Raises:
        ImportError: Flask is not installed; the message says how to get it.
    """
    try:
        return import_module("plaudit.feedback.people.web.server")
    except ModuleNotFoundError as error:
        if error.name not in ("flask", "werkzeug"):
            raise
        raise ImportError(
            "people judge on a page that Flask serves: pip install 'plaudit[people]'"
        ) from error
