"""What is privileged about a segment, for whoever judges by it; refused where it is not there."""

from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.types import Segment

WAYS = {
    "rewards": "record them, use a lens that opens the rewards, or a teacher that does not look "
    "(coin_flip)",
    "states": "give states=True to the wrapper that records it (RecordSegments, Advice, "
    "LanguageFeedback, Constraint), which plaudit's own worlds allow; others have no states that "
    "could be judged by",
    "frames": "record them with RecordSegments(frames=True)",
    "others": "they are those of a world with several agents",
}


def opened(segment: Segment, field: str, who: str) -> Any:
    """A privileged field of a segment.

    Args:
        segment: what is judged.
        field: "rewards", "states", "frames" or "others".
        who: needs it, for the message.

    Raises:
        ValueError: the segment carries none; the message says how to get it.
    """
    found = getattr(segment, field)
    if found is None or (field == "others" and not found):
        what = {"rewards": "true rewards", "states": "states of the world"}.get(field, field)
        raise ValueError(
            f"{who} needs the {what} of {segment.ref}, which carries no {field}: {WAYS[field]}"
        )
    return found


def true_rewards(segment: Segment, who: str) -> npt.NDArray[np.float64]:
    """(T,) the true rewards; arguments and errors as `opened`."""
    rewards: npt.NDArray[np.float64] = opened(segment, "rewards", who)
    return rewards


def world_states(segment: Segment, who: str) -> tuple[State, ...]:
    """T + 1 states of the world; arguments and errors as `opened`."""
    states: tuple[State, ...] = opened(segment, "states", who)
    return states
