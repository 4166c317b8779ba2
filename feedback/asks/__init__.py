"""Every kind of question: its answer space and, with a `Choice`, the odds of its answers."""

from typing import Any

from plaudit.envs.names import nearest
from plaudit.feedback.asks.acting import Advise as Advise
from plaudit.feedback.asks.acting import Correct as Correct
from plaudit.feedback.asks.acting import Demonstrate as Demonstrate
from plaudit.feedback.asks.base import Answer as Answer
from plaudit.feedback.asks.base import Ask as Ask
from plaudit.feedback.asks.comparing import Choose as Choose
from plaudit.feedback.asks.comparing import Compare as Compare
from plaudit.feedback.asks.comparing import Rank as Rank
from plaudit.feedback.asks.grading import Approve as Approve
from plaudit.feedback.asks.grading import Rate as Rate
from plaudit.feedback.asks.grading import React as React
from plaudit.feedback.asks.marking import Check as Check
from plaudit.feedback.asks.marking import Describe as Describe
from plaudit.feedback.asks.marking import Mark as Mark
from plaudit.feedback.asks.telling import Critique as Critique

KINDS: dict[str, type[Ask]] = {
    "advise": Advise,
    "approve": Approve,
    "check": Check,
    "choose": Choose,
    "compare": Compare,
    "correct": Correct,
    "critique": Critique,
    "demonstrate": Demonstrate,
    "describe": Describe,
    "mark": Mark,
    "rank": Rank,
    "rate": Rate,
    "react": React,
}


def ask_from_json(settings: dict[str, Any]) -> Ask:
    """The question that `Ask.to_json` wrote.

    Raises:
        ValueError: an unknown kind, or settings it does not take.
    """
    settings = dict(settings)
    kind = settings.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"unknown ask {kind!r}{nearest(str(kind), KINDS)}")
    try:
        return KINDS[kind](**settings)
    except TypeError as error:
        raise ValueError(f"{kind!r} can't be asked with {settings}: {error}") from error
