"""What the page shows of a question: one JSON object, in the order shown and without the truth."""

import json
from typing import Any

from plaudit.feedback.asks import Ask, Mark
from plaudit.feedback.people.places import titles
from plaudit.feedback.people.records import Question
from plaudit.feedback.people.showing import HEAD, Shown
from plaudit.feedback.people.web.controls import EXPLAINED, control


def sheet(question: Question) -> dict[str, Any]:
    """What the page draws.

    Source: own design.

    Args:
        question: as the desk keeps it.

    Returns:
        JSON values: the question in words, what is shown at each place, the control, the context.
    """
    ask = question.ask
    places = zip(titles(ask), question.order, strict=True)
    return {
        "query_id": question.query_id,
        "kind": ask.kind,
        "question": ask.question,
        "explained": EXPLAINED.get(ask.kind, ""),
        "context": [[name, _words(value)] for name, value in question.context.items()],
        "shown": [{"title": title} | _content(question.shown[i]) for title, i in places],
        "control": control(ask, _steps(question)),
    }


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _content(shown: Shown) -> dict[str, Any]:
    if shown.kind == "table":
        return {"table": {"columns": HEAD, "rows": shown.table}}
    return {shown.kind: getattr(shown, shown.kind)}


def _steps(question: Question) -> list[str]:
    """The steps of a lone segment in words: its own, where there is one per step."""
    ask: Ask = question.ask
    if ask.segments != 1:
        return []
    count, words = question.steps[0], question.shown[0].text.split()
    if len(words) == count and isinstance(ask, Mark):
        return words
    return [f"step {step}" for step in range(count)]
