"""Boltzmann rationality from the settings that presets take for it, beta or agreement."""

from collections.abc import Sequence
from typing import Protocol, Self, TypeVar

import numpy as np

from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.choices.base import Floats


class Calibrated(Protocol):
    """A choice or a noise."""

    @property
    def calibrated(self) -> bool:
        """Whether it can be used."""

    def calibrate(self, utilities: Floats) -> Self:
        """It, fitted to the utilities of representative segments, (N,)."""


Fitted = TypeVar("Fitted", bound=Calibrated)


def rationality(
    beta: float | None = None,
    agreement: float | None = None,
    *,
    reference_returns: Sequence[float] | None = None,
    default: float = 1.0,
    tie: float = 0.0,
    tie_share: float | None = None,
    center: float = 0.0,
    spread: float = 1.0,
) -> Boltzmann:
    """A choice that is given beta, or finds it from the agreement on its first batch of queries.

    Source: own design.

    Args:
        beta: 1 / unit of utility; None for the default where no agreement is given.
        agreement: see `Boltzmann`.
        reference_returns: utilities of representative segments, in place of the first batch.
        default: beta where neither is given.
        tie: see `Boltzmann`.
        tie_share: see `Boltzmann`.
        center: see `Choice`.
        spread: see `Choice`.

    Raises:
        ValueError: both beta and agreement are given, reference returns and nothing to calibrate,
            or a value out of its range.
    """
    if beta is not None and agreement is not None:
        raise ValueError(f"give beta or agreement, not both: beta={beta}, agreement={agreement}")
    if beta is None and agreement is None:
        beta = default
    choice = Boltzmann(beta, agreement, tie, tie_share=tie_share, center=center, spread=spread)
    return fitted(choice, reference_returns)


def fitted(choice: Fitted, reference_returns: Sequence[float] | None) -> Fitted:
    """A choice or noise, calibrated at once where there are reference returns.

    Source: own design.

    Args:
        choice: what may have to be calibrated.
        reference_returns: utilities of representative segments; None to wait for a first batch.

    Raises:
        ValueError: reference returns, but nothing to calibrate.
    """
    if reference_returns is None:
        return choice
    if choice.calibrated:
        raise ValueError("reference_returns calibrate an agreement or a share, but none is given")
    return choice.calibrate(np.asarray(reference_returns, np.float64))
