"""Serve a desk's page without the run that asked: python -m plaudit.feedback.people.web FOLDER."""

import argparse
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.teacher import load_server


def main(arguments: Sequence[str] | None = None) -> None:
    """Show the questions of a folder until interrupted; the answers wait there for the run.

    Args:
        arguments: of the command line; None for those of this process.
    """
    parser = argparse.ArgumentParser("python -m plaudit.feedback.people.web", description=__doc__)
    parser.add_argument("directory", type=Path, help="of the desk")
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0 for any that is free")
    parser.add_argument("--annotator", action="append", help="a name; again for several")
    given = parser.parse_args(arguments)
    if not (given.directory / "queries.jsonl").is_file():
        parser.error(f"there are no questions in {given.directory}: it has no queries.jsonl")
    with ExitStack() as stack:
        try:
            desk = stack.enter_context(Desk(given.directory))
            names = given.annotator or ["me"]
            server = load_server().WebServer(desk, names, port=given.port, more=False)
        except (OSError, ValueError) as error:
            parser.error(str(error))
        for annotator, link in server.links.items():
            print(f"{annotator} judges at {link}", flush=True)
        # Also where it runs in the background: shells start jobs there with interrupts ignored.
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.default_int_handler)
        print("Interrupt (Ctrl+C) to stop.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            server.close()


if __name__ == "__main__":
    main()
