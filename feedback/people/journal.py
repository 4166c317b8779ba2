"""Files of JSON lines that are only appended, and survive a crash."""

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit.feedback.atomic import flush

LOG = logging.getLogger(__name__)


class Journal:
    """An append-only file of JSON lines; what `append` returned from is on the disk.

    Source: own design.

    Args:
        path: the file; made when something is appended.
        cut: whether a last line that a crash has torn is cut off, with a warning. Otherwise it
            waits for whoever is still writing it.

    Attributes:
        lines: how many were read.
    """

    def __init__(self, path: Path, *, cut: bool = True) -> None:
        self.path = path
        self._read = 0  # bytes
        self.lines = 0
        self._mend(cut)

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows as lines and wait until they are on the disk.

        Raises:
            OSError: the disk is full or refuses; nothing was added.
            ValueError: a number that JSON has no word for.
            TypeError: a value that JSON has no word for.
        """
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows]
        data = "".join(lines).encode("utf-8", "backslashreplace")
        fresh = not self.path.exists()
        with open(self.path, "ab", buffering=0) as file:
            size = file.tell()
            try:
                # Whoever left a line unfinished must not spoil the next one.
                data = b"\n" + data if self._unfinished() else data
                if file.write(data) != len(data):
                    raise OSError(f"{self.path} can't be written: the disk is full")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
        if fresh:
            flush(self.path.parent)

    def new(self) -> list[tuple[int, bytes]]:
        """The whole lines since the last call, each with its number from 1; none of them blank.

        Raises:
            ValueError: the file has become shorter than what was read.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        if size == self._read:
            return []
        if size < self._read:
            raise ValueError(f"{self.path} has become shorter; lines may only be appended")
        self._mend(cut=False)
        with open(self.path, "rb") as file:
            file.seek(self._read)
            *whole, _ = file.read().split(b"\n")
        self._read += sum(len(line) + 1 for line in whole)
        numbered = list(enumerate(whole, self.lines + 1))
        self.lines += len(whole)
        return [(number, line) for number, line in numbered if line.strip()]

    def _unfinished(self) -> bytes:
        """What stands behind the last line's end."""
        if not self.path.exists():
            return b""
        with open(self.path, "rb") as file:
            file.seek(self._read)
            return file.read().rpartition(b"\n")[2]

    def _mend(self, cut: bool) -> None:
        """End a last line that only lacks its end; cut off what is torn."""
        torn = self._unfinished()
        if not torn:
            return
        with open(self.path, "r+b") as file:
            if _is_json(torn):
                file.seek(0, os.SEEK_END)
                file.write(b"\n")
            elif cut:
                file.truncate(file.seek(0, os.SEEK_END) - len(torn))
                LOG.warning("%s ended in a torn line, now cut off: %r", self.path, torn[:80])
            file.flush()
            os.fsync(file.fileno())


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
