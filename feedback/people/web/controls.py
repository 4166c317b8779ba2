"""Which control of the page answers which question: generated from the ask, as JSON.

    buttons   one click answers            compare, choose, rate, approve, react, advise
    order     click one after the other    rank
    slider    a number in a range          rate on a continuous scale
    rows      one choice per line          correct, demonstrate, check, describe, critique
    marks     click or drag over steps     mark

Every option has the answer it stands for, as shown, a label and, where a digit is left, a key.
"""

from collections.abc import Callable, Sequence
from typing import Any

from plaudit.feedback.asks import (
    Ask,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Describe,
    Mark,
    Rank,
    Rate,
)
from plaudit.feedback.people.places import titles

Control = dict[str, Any]

ENDS = ("worst", "best")
BUTTON_KEYS = "digits, or arrows and enter"
ROW_KEYS = "digits choose, up and down change the line, enter saves"
CRITIQUE_KEYS = "digits choose, - says nothing, up and down change the line, enter saves"
UNSAID = "say nothing"
CRITIQUE_LINES = {
    "reward": ("The last step was worth", ("r",)),
    "hindsight": ("It was", ("hp", "hn")),
    "do": ("Next, do", ("fp",)),
    "avoid": ("Next, do not do", ("fn",)),
}
"""How each part of a critique begins, and the slots of its cells, or the one of all of them."""

EXPLAINED = {
    "check": "Tick what it meets; what you leave open is a no.",
    "correct": "Name the step, and what should have been done instead.",
    "critique": "Levels rise from worst to best; what you leave open stays unsaid.",
    "mark": "Leave unmarked what is neither.",
    "react": "“none” is an answer too.",
}
"""What a person should know beside the question, by kind."""


def control(ask: Ask, steps: Sequence[str]) -> Control:
    """The control with which a person answers.

    Source: own design.

    Args:
        ask: the question.
        steps: the steps of the segment in words, where there is one segment.

    Returns:
        JSON values: "type", "keys" (the short-cuts in words), and what that type needs. An answer
        that the page sends back is one of the values, or a list of them, as shown.
    """
    return CONTROLS.get(ask.kind, _one_of_names)(ask, steps)


def options(labels: Sequence[str], values: Sequence[int] | None = None) -> list[Control]:
    """One option per label; its key is the digit it ends with, or its place where none has one.

    Args:
        labels: in words.
        values: the answers they stand for; None for 0, 1, ...
    """
    ends = [label.rsplit(" ", 1)[-1] for label in labels]
    if not all(end.isdecimal() for end in ends):
        ends = [str(place + 1) for place in range(len(labels))]
    keys = [end if len(end) == 1 else "" for end in ends]
    known = range(len(labels)) if values is None else values
    rows = zip(known, labels, keys, strict=True)
    return [{"value": value, "label": label, "key": key} for value, label, key in rows]


def _one_of_names(ask: Ask, steps: Sequence[str]) -> Control:
    return {"type": "buttons", "keys": BUTTON_KEYS, "options": options(ask.names[0])}


def _compare(ask: Compare, steps: Sequence[str]) -> Control:
    """From "first, much" over the tie to "second, much", as on a scale."""
    strengths = range(ask.levels)
    scale = [2 * s for s in reversed(strengths)] + [2 * ask.levels] * ask.ties
    scale += [2 * s + 1 for s in strengths]
    labels, notes = [], []
    for value in scale:
        name = ask.names[0][value]
        side = "" if value == 2 * ask.levels else ("first", "second")[value % 2]
        strength = name.removesuffix(side).strip()
        labels.append(side or name)
        notes.append(f"{strength} better".strip() if side and ask.levels > 1 else "")
    made = [
        option | {"note": note} for option, note in zip(options(labels, scale), notes, strict=True)
    ]
    return {"type": "buttons", "keys": BUTTON_KEYS, "options": made}


def _rank(ask: Rank, steps: Sequence[str]) -> Control:
    keys = "digits from best to worst, backspace takes the last one away, enter saves"
    return {"type": "order", "keys": keys, "options": options(titles(ask))}


def _rate(ask: Rate, steps: Sequence[str]) -> Control:
    if ask.levels is not None:
        return _one_of_names(ask, steps) | {"ends": ENDS}
    keys = "1 to 9 or arrows, enter saves"
    return {"type": "slider", "keys": keys, "low": ask.low, "high": ask.high, "ends": ENDS}


def _correct(ask: Correct, steps: Sequence[str]) -> Control:
    numbered = options([f"step {step}" for step in range(len(steps[: ask.steps]))])
    for option, step in zip(numbered, steps, strict=False):
        if option["label"] != step:
            option["label"] += f": {step}"
    actions = options([f"action {action}" for action in range(ask.actions)])
    return _rows(
        {"label": "change", "input": "select", "options": numbered},
        {"label": "to", "input": "select", "options": actions},
    )


def _demonstrate(ask: Demonstrate, steps: Sequence[str]) -> Control:
    actions = options([f"action {action}" for action in range(ask.actions)])
    return _rows(
        *(
            {"label": f"step {step + 1} of {ask.steps}", "input": "select", "options": actions}
            for step in range(ask.steps)
        )
    )


def _check(ask: Ask, steps: Sequence[str]) -> Control:
    ticks = [
        {"label": item, "input": "check", "key": str(place + 1) if place < 9 else ""}
        for place, item in enumerate(ask.parts)
    ]
    return _rows(*ticks) | {"keys": "digits tick, enter saves"}


def _describe(ask: Describe, steps: Sequence[str]) -> Control:
    if not ask.compare:
        return _check(ask, steps)
    pairs = zip(ask.parts, ask.names, strict=True)
    return _rows(
        *({"label": part, "input": "radio", "options": options(cells)} for part, cells in pairs)
    )


def _critique(ask: Critique, steps: Sequence[str]) -> Control:
    rows = []
    for part, names in zip(ask.parts, ask.names, strict=True):
        begins, slots = CRITIQUE_LINES[part]
        slots = slots if len(slots) > 1 else slots * (len(names) - 1)
        cells = [cell for cell, slot in enumerate(slots, 1) if slot in ask.slots]
        unsaid = {"value": 0, "label": UNSAID, "key": "-"}
        said = [unsaid, *options([names[cell] for cell in cells], cells)]
        rows.append({"label": begins, "input": "select", "options": said, "optional": True})
    words = {"words": "in your own words (optional), key c", "keys": CRITIQUE_KEYS}
    return _rows(*rows) | words


def _mark(ask: Mark, steps: Sequence[str]) -> Control:
    none, poor, good = ask.names[0]
    keys = f"arrows move, 1 {poor}, 2 {good}, 0 {none}, enter saves"
    there = list(steps[: ask.steps])
    return {
        "type": "marks",
        "keys": keys,
        "labels": there,
        "names": ask.names[0],
        "length": ask.steps,
    }


def _rows(*rows: Control) -> Control:
    return {"type": "rows", "keys": ROW_KEYS, "rows": list(rows)}


CONTROLS: dict[str, Callable[[Any, Sequence[str]], Control]] = {
    "check": _check,
    "compare": _compare,
    "correct": _correct,
    "critique": _critique,
    "demonstrate": _demonstrate,
    "describe": _describe,
    "mark": _mark,
    "rank": _rank,
    "rate": _rate,
}
