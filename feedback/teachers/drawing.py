"""From exact odds to one answer, and from odds of parts to odds of whole answers."""

from functools import reduce

import numpy as np
import numpy.typing as npt

from plaudit.feedback.teachers.noises.base import Odds

Floats = npt.NDArray[np.float64]


def joint(odds: Odds) -> Floats:
    """Odds of every combination of cells, the last part varying fastest, and of a skip."""
    answers = reduce(lambda one, other: np.outer(one, other).ravel(), odds.parts)
    return np.append((1.0 - odds.skip) * answers, odds.skip)


def draw(odds: Odds, uniform: Floats) -> tuple[int, ...] | None:
    """The cells in which uniform draws in [0, 1) fall, or None for a skip.

    With one number, the cells of the only part and the skip share the unit interval; with more,
    the first one decides between an answer and a skip, as a cell of the first part would, and the
    others the parts.
    """
    if len(uniform) == 1:
        (part,) = odds.parts
        cell = _cell(np.append((1.0 - odds.skip) * part, odds.skip), float(uniform[0]))
        return None if cell == len(part) else (cell,)
    if uniform[0] >= 1.0 - odds.skip:
        return None
    return tuple(
        _cell(part, float(place)) for part, place in zip(odds.parts, uniform[1:], strict=True)
    )


def _cell(probs: Floats, uniform: float) -> int:
    """The cell in which a uniform draw falls; never one of probability 0."""
    edges = np.cumsum(probs)
    return int(np.searchsorted(edges / edges[-1], uniform, side="right"))
