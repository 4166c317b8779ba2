"""Boltzmann rationality from the settings that presets take for it, beta or agreement."""

from collections.abc import Sequence
from math import inf
from typing import Any, Protocol, Self, TypedDict, TypeVar, Unpack

import numpy as np

from plaudit.envs import limits
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


class Judgement(TypedDict, total=False):
    """Settings of how somebody judges, which presets take as `judgement`.

    Attributes:
        beta: 1 / unit of utility; 1 when neither this nor `agreement` is given, unless the preset
            says otherwise.
        agreement: in place of beta: share of unequal pairs in which the better one is chosen, in
            [0.5, 1), before any noise. It is found from the first 100 segments that one is asked
            about: from actions in one place, changes of one segment or ways to go on where such
            are asked for.
        reference_returns: utilities of representative segments, at least 2 unequal ones, in place
            of these.
        tie: Davidson's weight of a tie, used where the question allows ties.
        tie_share: in place of tie: share of ties over all pairs, see `Boltzmann`.
        center: utility in the middle of a rating's scale, above which one approves.
        spread: utility between neighbouring thresholds of a rating.
    """

    beta: float | None
    agreement: float | None
    reference_returns: Sequence[float] | None
    tie: float
    tie_share: float | None
    center: float
    spread: float


def rationality(*, default: float = 1.0, **judgement: Unpack[Judgement]) -> Boltzmann:
    """A choice that is given beta, or finds it from the agreement on its first batch of queries.

    Source: own design.

    Args:
        default: beta where neither is given.
        judgement: see `Judgement`.

    Raises:
        ValueError: both beta and agreement are given, reference returns and nothing to calibrate,
            or a value out of its range.
    """
    settings: dict[str, Any] = dict(judgement)
    reference_returns = settings.pop("reference_returns", None)
    beta, agreement = (settings.pop(name, None) for name in ("beta", "agreement"))
    if beta is not None and agreement is not None:
        raise ValueError(f"give beta or agreement, not both: beta={beta}, agreement={agreement}")
    beta = default if beta is None and agreement is None else beta
    return fitted(Boltzmann(beta, agreement, **settings), reference_returns)


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
    returns = limits.check_numbers("reference_returns", reference_returns, -inf, inf)
    return choice.calibrate(np.array(returns))
