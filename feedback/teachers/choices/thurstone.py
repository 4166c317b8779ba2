"""Thurstone: judgements with normal noise."""

from dataclasses import dataclass, replace
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import ndtri_exp

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.teachers.choices.base import Choice, Floats
from plaudit.feedback.teachers.choices.calibration import (
    beta_for_agreement,
    check_agreement,
    differences_of,
)


@dataclass(frozen=True)
class Thurstone(Choice):
    """Every utility is felt with normal noise: P(first) = Phi((u_0 - u_1) / (sqrt(2) sd)).

    A tie is said where the felt difference is below `indifference`. Levels and thresholds: one
    utility is felt, with noise sd. Picking one of several has no closed form and is refused.

    Source: Thurstone 1927, doi:10.1037/h0070288 (case V); ties: Glenn and David 1960,
        doi:10.2307/2527957.

    Args:
        sd: standard deviation of the noise, in utility, > 0; None until calibrated.
        agreement: in place of sd, see `Boltzmann`.
        indifference: felt difference below which two are equal, in utility, >= 0.
        center, spread: the annotator's scale, see `Choice`.
    """

    pair_noise: ClassVar[float] = 2**0.5
    sd: float | None = 1.0
    agreement: float | None = None
    indifference: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sd is None and self.agreement is None:
            raise ValueError("Thurstone needs sd or agreement, got neither")
        if self.agreement is not None:
            check_agreement(self.agreement)
        if self.sd is not None:
            limits.keep_positive(self, sd=(0, inf))
        limits.keep_numbers(self, indifference=(0, inf))

    def log_cdf(self, x: Any) -> Any:
        return functions(x).log_normal_cdf(x / self._sd)

    def log_options(self, u: Any) -> Any:
        raise ValueError(
            "Thurstone has no closed form for picking one of several; use Boltzmann, or ask Compare"
        )

    def log_pair(self, x: Any, ties: bool) -> Any:
        xp, root = functions(x), 2**-0.5
        if not ties or self.indifference == 0.0:
            return super().log_pair(x, ties)
        return xp.stack(
            [
                self.log_cdf(root * (x - self.indifference)),
                self.log_cdf(root * (-x - self.indifference)),
                self.log_between(root * (-x - self.indifference), root * (self.indifference - x)),
            ]
        )

    def log_density(self, x: Any) -> Any:
        return -0.5 * (x / self._sd) ** 2 - float(np.log(self._sd * np.sqrt(2 * np.pi)))

    def quantile(self, logp: float) -> float:
        return float(ndtri_exp(logp) * self._sd)

    def scaled(self, factor: float) -> Self:
        return replace(self, sd=self._sd / factor)

    @property
    def calibrated(self) -> bool:
        return self.sd is not None

    def calibrate(self, utilities: Floats, ties: bool = True) -> Self:
        """With the sd that gives `agreement` over all pairs in rows of these utilities."""
        if self.agreement is None:
            return self

        def pair(beta: float, differences: Floats) -> Floats:
            noisy = replace(self, sd=1.0 / max(beta, np.finfo(np.float64).tiny))
            return np.asarray(np.exp(noisy.log_pair(differences, ties)))

        beta = beta_for_agreement(differences_of(utilities), self.agreement, pair)
        return replace(self, sd=1.0 / beta)

    @property
    def _sd(self) -> float:
        if self.sd is None:
            raise ValueError(
                f"agreement={self.agreement} is not yet an sd: answer a first batch of queries, "
                "or give reference_returns"
            )
        return self.sd
