"""Getting to know a scale: what is given as a share is fitted to the first utilities judged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from plaudit.feedback.teachers.choices.base import Choice
from plaudit.feedback.teachers.choices.calibration import stacked
from plaudit.feedback.teachers.noises.base import Noise

Floats = npt.NDArray[np.float64]

ENOUGH = 100
"""Utilities from which a teacher is calibrated: an agreement is then met within some 2 points."""


def calibrated(choice: Choice, noises: Sequence[Noise]) -> bool:
    """Whether nothing waits for its calibration."""
    return choice.calibrated and all(noise.calibrated for noise in noises)


def known(rows: Sequence[Floats]) -> int:
    """How many utilities these rows hold; NaN and infinite ones don't count."""
    return sum(int(np.isfinite(row).sum()) for row in rows)


def fitted(
    choice: Choice, noises: Sequence[Noise], rows: Sequence[Floats], *, within: bool, ties: bool
) -> tuple[Choice, tuple[Noise, ...]]:
    """A choice and noises fitted to utilities, where they wait for it.

    Args:
        choice: of the teacher.
        noises: of the teacher.
        rows: utilities, (...,) each; those of one row are options of one question.
        within: compare within rows only, not all with all.
        ties: whether ties may be said.
    """
    utilities = np.concatenate(rows)
    utilities = utilities[np.isfinite(utilities)]
    if not choice.calibrated:
        choice = choice.calibrate(stacked(rows) if within else utilities, ties)
    return choice, tuple(n if n.calibrated else n.calibrate(utilities) for n in noises)
