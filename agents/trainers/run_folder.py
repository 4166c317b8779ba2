"""A run on disk: a JSON-lines log and one checkpoint that is always whole.

log.jsonl      a line per update
checkpoint/    versions of safetensors + JSON, and a pointer to the complete one
"""

import json
from pathlib import Path
from typing import Any

from plaudit.envs.types import State
from plaudit.feedback import atomic, snapshot


class RunFolder:
    """Where a trainer writes.

    Args:
        path: made if absent.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.log_path = self.path / "log.jsonl"
        self.checkpoint_path = self.path / "checkpoint"

    def append(self, row: dict[str, Any]) -> None:
        """Add a line to the log."""
        with self.log_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """The log's complete lines; one that a kill cut short is left out."""
        if not self.log_path.exists():
            return []
        found = []
        for line in self.log_path.read_text("utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                break
        return found

    def put_aside(self) -> None:
        """Keep a log under another name, so that a new one can begin."""
        if not self.log_path.exists():
            return
        number = 1
        while (beside := self.path / f"log.{number}.jsonl").exists():
            number += 1
        self.log_path.rename(beside)

    def has_checkpoint(self) -> bool:
        """Whether there is something to resume from."""
        return (self.checkpoint_path / atomic.POINTER).exists()

    def save(self, state: State, update: int) -> None:
        """Replace the checkpoint; on any failure the previous one stands.

        Raises:
            OSError: the disk is full or not writable.
        """
        atomic.replace_directory(
            self.checkpoint_path,
            lambda path: snapshot.save(path, {"update": update, "state": state}),
        )

    def load(self, cut: bool = True) -> tuple[State, list[dict[str, Any]]]:
        """The checkpoint's state and the log up to it; later lines of the log are removed.

        Args:
            cut: whether to remove them; of several processes one does.
        """
        saved = snapshot.load(atomic.current(self.checkpoint_path))
        rows = [row for row in self.rows() if row["update"] <= saved["update"]]
        if not cut:
            return saved["state"], rows
        text = "".join(json.dumps(row) + "\n" for row in rows)
        beside = self.log_path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.log_path)
        return saved["state"], rows
