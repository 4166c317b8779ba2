"""A desk's folder: its settings, and the lock that a process holds while it has it open."""

import json
import os
import sys
from math import inf
from pathlib import Path
from typing import Any

from plaudit.envs import limits
from plaudit.feedback.atomic import replace_file

SCHEMA = 1


class FolderLock:
    """Hold a folder until `close`, or until this process ends, however that comes about.

    Source: own design, `man 2 flock`.
    Differs: where the system has no flock (Windows), nothing is locked.

    Args:
        folder: exists; it gets a file `desk.lock` with the process id of the holder.

    Raises:
        BlockingIOError: somebody holds it; the message says which process.
    """

    def __init__(self, folder: Path) -> None:
        self._file = open(folder / "desk.lock", "a+", encoding="ascii")  # noqa: SIM115
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._file.seek(0)
                holder = self._file.read().strip() or "?"
                self._file.close()
                raise BlockingIOError(
                    f"{folder} is already open, in process {holder}; one process, or one teacher "
                    "within it, at a time: close that one first, or use a folder of its own"
                ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    @property
    def held(self) -> bool:
        """Whether it was not let go of yet."""
        return not self._file.closed

    def close(self) -> None:
        """Let go; more than once does no harm."""
        self._file.close()


def settled(folder: Path, per_question: int | None) -> int:
    """How many annotators each question wants, which `desk.json` says from now on.

    Args:
        folder: of the desk.
        per_question: None for what the file says, or 1 in a new folder.

    Raises:
        ValueError: the file is damaged or of another schema, or the number is below 1.
    """
    path = folder / "desk.json"
    kept = _read(path) if path.exists() else {"per_question": 1}
    wanted = kept["per_question"] if per_question is None else per_question
    limits.check_range("per_question", wanted, 1, inf, integer=True)
    settings = {"schema": SCHEMA, "per_question": wanted}
    if settings != kept:
        replace_file(path, json.dumps(settings).encode())
    return int(wanted)


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        if kept["schema"] != SCHEMA:
            raise ValueError(f"schema {kept['schema']}, but this version reads {SCHEMA}")
        limits.check_range("per_question", kept["per_question"], 1, inf, integer=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    return kept
