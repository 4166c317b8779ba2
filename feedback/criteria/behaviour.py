"""Criteria on a segment's observations and actions; most of them say one number per step.

Source: own design.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.limits import check_choice, check_range
from plaudit.feedback.types import Segment

Floats = npt.NDArray[np.float64]

TIMES: dict[str, Callable[[Floats], Any]] = {
    "each": lambda values: values[:-1],  # what was seen before each action
    "after": lambda values: values[1:],
    "change": np.diff,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "mean": np.mean,
    "least": np.min,
    "most": np.max,
}


def entry(seen: Segment, *, index: int, at: str = "each") -> Any:
    """An entry of the observations, counted in flattened ones.

    Args:
        seen: the segment.
        index: of the entry; negative ones count from the end.
        at: per step: "each" (before every action), "after" or "change" over it; of all T + 1
            observations: "first", "last", "mean", "least" or "most".
    """
    check_choice("time of an observation", at, TIMES)
    return TIMES[at](_column("observations", seen.obs, index))


def acted(seen: Segment, *, index: int = 0) -> Floats:
    """An entry of the actions, per step, (T,).

    Args:
        seen: the segment.
        index: of the entry in flattened actions; 0 for discrete ones.
    """
    return _column("actions", seen.actions, index)


def chose(seen: Segment, *, action: int) -> Floats:
    """1 where a discrete action was taken, else 0, per step, (T,).

    Args:
        seen: the segment.
        action: which one.
    """
    return np.asarray(_discrete(seen) == action, np.float64)


def steps(seen: Segment) -> Floats:
    """1 per step, (T,), which add up to the length."""
    return np.ones(len(seen))


def switches(seen: Segment) -> Floats:
    """1 where the action differs from the one before, per step, (T,); 0 at the first."""
    actions = _flat(seen.actions)
    differs = (actions[1:] != actions[:-1]).any(1)
    return np.concatenate([np.zeros(min(len(seen), 1)), differs.astype(np.float64)])


def effort(seen: Segment) -> Floats:
    """The sum of squares of the action, per step, (T,)."""
    return np.asarray((_flat(seen.actions).astype(np.float64) ** 2).sum(1))


def number(seen: Segment, *, base: int) -> float:
    """The discrete actions as the digits of a number, the first one most significant.

    Args:
        seen: the segment.
        base: how many actions there are, at least 2.
    """
    check_range("base", base, 2, np.inf, integer=True)
    value = 0
    for digit in _discrete(seen).tolist():
        value = base * value + digit
    return float(value)


def _column(what: str, values: npt.NDArray[Any], index: int) -> Floats:
    """(n,) an entry of each of n arrays."""
    flat = _flat(values)
    size = flat.shape[1]
    place = check_range(f"index of {what}", index, -size, size - 1, integer=True)
    return flat[:, int(place)].astype(np.float64)


def _flat(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, entries); -1 would not do where n is 0."""
    return values.reshape(len(values), int(np.prod(values.shape[1:])))


def _discrete(seen: Segment) -> npt.NDArray[np.int64]:
    """(T,) actions that are single integers."""
    if seen.actions.ndim != 1 or seen.actions.dtype.kind not in "iu":
        raise ValueError(
            f"expected discrete actions, ({len(seen)},) integers, got {seen.actions.dtype} of "
            f"shape {seen.actions.shape}"
        )
    return seen.actions.astype(np.int64)
