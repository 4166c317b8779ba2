"""All answers of a desk in one file, as JSON lines or CSV; answers are in stored order."""

import json
from typing import Any

from plaudit.feedback.exchange.table import csv_text, flat
from plaudit.feedback.people.desk import Desk

COLUMNS = (
    "query_id",
    "kind",
    "order",
    "annotator",
    "event",
    "answer",
    "reason",
    "comment",
    "seconds",
    "time",
)


def as_json_lines(desk: Desk) -> str:
    """One JSON object per answer or skip that was not taken back, in the order they came.

    Args:
        desk: its answers; the names of the fields are COLUMNS, and "ask" the question's settings.
    """
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(desk))


def as_csv(desk: Desk) -> str:
    """The same as CSV with a head of COLUMNS; what is no number or text is JSON, and nothing is "".

    Args:
        desk: its answers.
    """
    return csv_text(list(map(flat, _rows(desk))), COLUMNS)


def _rows(desk: Desk) -> list[dict[str, Any]]:
    rows = []
    for event in desk.answers:
        question = desk.question(event.query_id)
        asked = {"kind": question.ask.kind, "order": list(question.order)}
        rows.append(event.to_json() | asked | {"ask": question.ask.to_json()})
    return rows
