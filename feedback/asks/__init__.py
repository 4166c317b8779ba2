"""Every kind of question: its answer space and, with a `Choice`, the odds of its answers."""

from collections.abc import Mapping
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
from plaudit.feedback.programs import check_settings

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


def ask_from_json(settings: Mapping[str, Any]) -> Ask:
    """The question that `Ask.to_json` wrote.

    Raises:
        ValueError: an unknown kind, settings it does not take or lacks, or values out of range.
        TypeError: it is no mapping.
    """
    if not isinstance(settings, Mapping):
        raise TypeError(f"an ask is {{'kind': ..., setting: ...}}, got {settings!r}")
    settings = dict(settings)
    kind = settings.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"unknown ask {kind!r}{nearest(str(kind), KINDS)}")
    check_settings(f"ask {kind!r}", KINDS[kind], settings, called=False)
    return KINDS[kind](**settings)
