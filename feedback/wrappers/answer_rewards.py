"""What an answer is worth as a reward.

    rate      2 a / (levels - 1) - 1, or on a continuous scale 2 (a - low) / (high - low) - 1
    approve   +1 yes, -1 no
    react     the sign of the reaction, 0 for none
    check     share of the items that are met, 0..1
    mark      good steps less poor ones

Source: own design.
"""

from collections.abc import Callable
from typing import Any

from plaudit.feedback.asks import Answer, Ask

WORTH: dict[str, Callable[[Any, Any], float]] = {
    "rate": lambda ask, a: _on_scale(ask, a),
    "approve": lambda ask, a: 2.0 * a - 1.0,
    "react": lambda ask, a: float((*ask.signs, 0)[a]),
    "check": lambda ask, a: sum(a) / len(a),
    "mark": lambda ask, a: float(sum((0, -1, 1)[mark] for mark in a)),
}


def answer_reward(ask: Ask, answer: Answer | None, missing: float) -> float:
    """The reward that an answer stands for.

    Args:
        ask: the question; `check_graded` says whether its answers are rewards.
        answer: in stored order; None for a skip.
        missing: reward of a skip.
    """
    return missing if answer is None else float(WORTH[ask.kind](ask, answer))


def check_graded(ask: Ask) -> None:
    """Refuse a question whose answers are no rewards.

    Args:
        ask: the question.

    Raises:
        ValueError: they are none; the message names those that are.
    """
    if ask.kind not in WORTH:
        raise ValueError(f"answers to {ask.kind!r} are no rewards; ask one of {', '.join(WORTH)}")


def _on_scale(ask: Any, answer: float) -> float:
    low, high = (ask.low, ask.high) if ask.continuous else (0, ask.levels - 1)
    return float(2.0 * (answer - low) / (high - low) - 1.0)
