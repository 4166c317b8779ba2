"""Boltzmann: better ones are likelier, by odds exp(beta * u); logistic noise everywhere else."""

from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any, Self

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.teachers.choices.base import Choice, Floats
from plaudit.feedback.teachers.choices.calibration import (
    beta_and_tie,
    beta_for_agreement,
    check_agreement,
    differences_of,
    tie_for_share,
)


@dataclass(frozen=True)
class Boltzmann(Choice):
    """Better ones are likelier: odds exp(beta * u).

    Of several: softmax. Of two: Bradley-Terry, with Davidson's weight tie * exp(beta * (u_0 + u_1)
    / 2) for a tie. Orders: Plackett-Luce. Levels and thresholds: logistic noise of scale 1 / beta.

    Source: Bradley and Terry 1952, doi:10.1093/biomet/39.3-4.324; ties Davidson 1970,
        doi:10.1080/01621459.1970.10481082; arXiv:2002.04833 (reward-rational choice).

    Args:
        beta: rationality, 1 / unit of utility, >= 0; None until calibrated.
        agreement: in place of beta: share of decided answers to unequal pairs that name the better
            one, before noise; in [0.5, 1).
        tie: Davidson's weight, >= 0; P(tie) = tie / (2 + tie) for equal utilities.
        tie_share: in place of tie: mean probability of a tie over pairs of segments, where one may
            be said; in [0, 1), None once calibrated. `agreement` is then that of decided answers.
        center, spread: the annotator's scale, see `Choice`.
    """

    beta: float | None = 1.0
    agreement: float | None = None
    tie: float = 0.0
    tie_share: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beta is None and self.agreement is None:
            raise ValueError(f"{type(self).__name__} needs beta or agreement, got neither")
        if self.agreement is not None:
            check_agreement(self.agreement)
        if self.beta is not None:
            limits.keep_numbers(self, beta=(0, inf))
        limits.keep_numbers(self, tie=(0, inf))
        if self.tie_share is not None:
            limits.keep_numbers(self, tie_share=(0, 1))
            if self.tie_share == 1.0:
                raise ValueError("tie_share must be below 1, got 1.0")

    def log_cdf(self, x: Any) -> Any:
        return functions(x).log_sigmoid(self._beta * x)

    def log_between(self, low: Any, high: Any) -> Any:
        # sigmoid(x) - sigmoid(y) = sigmoid(x) sigmoid(-y) (1 - exp(y - x)), exact in both tails.
        xp, beta = functions(low), self._beta
        apart = xp.log_rest(beta * (low - high))
        return xp.log_sigmoid(beta * high) + xp.log_sigmoid(-beta * low) + apart

    def log_options(self, u: Any) -> Any:
        # Impossible options have utility -inf, which must stay so for beta = 0.
        xp = functions(u)
        possible = u > -np.inf
        scaled = self._beta * xp.where(possible, u, xp.full(u, 0.0))
        return xp.log_softmax(xp.where(possible, scaled, xp.full(u, -np.inf)))

    def log_pair(self, x: Any, ties: bool) -> Any:
        # Only differences count; taking them first keeps large returns exact.
        if not ties or self.tie == 0.0:
            return super().log_pair(x, ties)
        xp, half = functions(x), self._beta * x / 2
        return xp.log_softmax(xp.stack([half, -half, xp.full(x, float(np.log(self.tie)))]))

    def log_density(self, x: Any) -> Any:
        if self._beta == 0.0:
            raise ValueError("beta=0 has no density over real numbers; use coin_flip")
        return self.log_cdf(x) + self.log_cdf(-x) + float(np.log(self._beta))

    def quantile(self, logp: float) -> float:
        with np.errstate(divide="ignore"):
            return float((logp - np.log(-np.expm1(logp))) / self._beta)

    def scaled(self, factor: float) -> Self:
        return replace(self, beta=self._beta * factor)

    @property
    def calibrated(self) -> bool:
        return self.beta is not None and self.tie_share is None

    def calibrate(self, utilities: Floats, ties: bool = True) -> Self:
        """With what gives `agreement` and `tie_share` over all pairs in rows of these utilities."""
        differences = differences_of(utilities)
        if self.agreement is not None and self.tie_share is not None:
            beta, tie = beta_and_tie(differences, self.agreement, self.tie_share)
            return replace(self, beta=beta, tie=tie, tie_share=None)
        if self.agreement is not None:
            pair = partial(self._pair, ties)
            return replace(self, beta=beta_for_agreement(differences, self.agreement, pair))
        if self.tie_share is not None:
            tie = tie_for_share(differences, self._beta, self.tie_share)
            return replace(self, tie=tie, tie_share=None)
        return self

    def _pair(self, ties: bool, beta: float, differences: Floats) -> Floats:
        judge = replace(self, beta=beta, tie_share=None)
        return np.asarray(np.exp(judge.log_pair(differences, ties)))

    @property
    def _beta(self) -> float:
        if self.beta is None:
            raise ValueError(
                f"agreement={self.agreement} is not yet a beta: answer a first batch of queries, "
                "or give reference_returns"
            )
        return self.beta
