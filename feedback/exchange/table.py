"""Feedback as plain rows, for analysis elsewhere."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

from plaudit.feedback.store import FeedbackBuffer, Row


def to_rows(buffer: FeedbackBuffer) -> list[dict[str, Any]]:
    """One row per answer or skip: numbers and texts, with all else as JSON texts.

    Segments are named by their references, "env_id#episode[start:end]", in stored order; true
    rewards are never among the columns.

    Source: own design.

    Args:
        buffer: what is told.
    """
    return [_row(row) for row in buffer]


def write_csv(buffer: FeedbackBuffer, path: Path) -> None:
    """Write `to_rows` into a CSV file, which is replaced as a whole.

    Args:
        buffer: what is told.
        path: the file.

    Raises:
        ValueError: the buffer is empty.
    """
    rows, path = to_rows(buffer), Path(path)
    if not rows:
        raise ValueError("the buffer holds no answers, so there is nothing to write")
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text.getvalue(), encoding="utf-8")
    os.replace(unfinished, path)


def _row(row: Row) -> dict[str, Any]:
    query, feedback = row.query, row.feedback
    refs = [segment.ref for segment in query.segments]
    return {
        "query_id": query.query_id,
        "kind": query.ask.kind,
        "ask": json.dumps(query.ask.to_json()),
        "segments": json.dumps([f"{r.env_id}#{r.episode}[{r.start}:{r.end}]" for r in refs]),
        "order": json.dumps(query.order),
        "context": json.dumps(query.context),
        "provenance": query.provenance,
        "annotator": feedback.annotator,
        "source": feedback.source,
        "answer": "" if feedback.answer is None else json.dumps(feedback.answer),
        "skipped": feedback.answer is None,
        "reason": feedback.reason,
        "comment": feedback.comment,
        "probs": "" if feedback.probs is None else json.dumps(feedback.probs),
        "asked": feedback.asked,
        "answered": feedback.answered,
        "seconds": feedback.seconds,
        "seed": feedback.seed,
    }
