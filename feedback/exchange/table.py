"""Feedback as plain rows, for analysis elsewhere."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit.feedback.atomic import replace_file
from plaudit.feedback.store import FeedbackBuffer, Row

WRITTEN = ("ask", "segments", "order", "context", "answer", "probs")
"""Columns that hold JSON texts."""


def to_rows(buffer: FeedbackBuffer) -> list[dict[str, Any]]:
    """One row per answer or skip: numbers and texts, with all else as JSON texts.

    Segments are named by their references, "env_id#episode[start:end]", in stored order; true
    rewards are never among the columns. What is not there, such as the answer of a skip, is "".

    Source: own design.

    Args:
        buffer: what is told.
    """
    return [flat(_row(row)) for row in buffer]


def write_csv(buffer: FeedbackBuffer, path: Path) -> None:
    """Write `to_rows` into a CSV file, which is replaced as a whole.

    Args:
        buffer: what is told.
        path: the file.

    Raises:
        ValueError: the buffer is empty.
        OSError: there is no such folder, or the disk is full or refuses; the old file stands.
    """
    rows = to_rows(buffer)
    if not rows:
        raise ValueError("the buffer holds no answers, so there is nothing to write")
    replace_file(Path(path), csv_text(rows, list(rows[0])).encode())


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose WRITTEN columns hold JSON texts, and "" where there is nothing."""
    return {
        name: "" if value is None else json.dumps(value) if name in WRITTEN else value
        for name, value in row.items()
    }


def csv_text(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Some columns of rows as CSV with a head."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _row(row: Row) -> dict[str, Any]:
    query, feedback = row.query, row.feedback
    refs = [segment.ref for segment in query.segments]
    return {
        "query_id": query.query_id,
        "kind": query.ask.kind,
        "ask": query.ask.to_json(),
        "segments": [f"{r.env_id}#{r.episode}[{r.start}:{r.end}]" for r in refs],
        "order": query.order,
        "context": query.context,
        "provenance": query.provenance,
        "annotator": feedback.annotator,
        "source": feedback.source,
        "answer": feedback.answer,
        "skipped": feedback.answer is None,
        "reason": feedback.reason,
        "comment": feedback.comment,
        "probs": feedback.probs,
        "asked": feedback.asked,
        "answered": feedback.answered,
        "seconds": feedback.seconds,
        "seed": feedback.seed,
    }
