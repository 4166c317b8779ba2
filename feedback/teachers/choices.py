"""Choices: how utilities become the odds of answers.

Compare: softmax of beta * u, with Davidson's weight tie * exp(beta * (u_0 + u_1) / 2) for a tie.
Rate: ordinal logit, P(level <= k) = sigmoid(beta * (c_k - u)) with evenly spaced thresholds c.
`likelihoods.log_prob` is the same in torch.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, softmax

from plaudit.feedback.teachers.base import Choice, Probs
from plaudit.feedback.types import Ask, Compare


@dataclass(frozen=True)
class Argmax(Choice):
    """Always the better one; an exact tie is called a tie where that may be said, else 1/2 each.

    A rating is the level between whose thresholds the utility lies; on a threshold, 1/2 each.

    Source: arXiv:2111.03026, "oracle" (B-Pref).
    Differs: B-Pref's code labels an exact tie "first" every time.

    Args:
        center, spread: thresholds of ratings, see `Rate.thresholds`.
    """

    center: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        _check_scale(self.spread)

    def probs(self, ask: Ask, utilities: Probs) -> Probs:
        if not isinstance(ask, Compare):
            edges = ask.thresholds(self.center, self.spread)
            return _levels(np.heaviside(edges - utilities[0], 0.5))
        first = float(np.heaviside(utilities[0] - utilities[1], 0.5))
        if not ask.ties:
            return np.array([first, 1.0 - first])
        return np.eye(3)[2] if first == 0.5 else np.array([first, 1.0 - first, 0.0])


@dataclass(frozen=True)
class Boltzmann(Choice):
    """Better ones are likelier: odds exp(beta * u).

    Source: Bradley and Terry 1952, doi:10.1093/biomet/39.3-4.324; ties Davidson 1970,
        doi:10.1080/01621459.1970.10481082; ratings McCullagh 1980 (ordinal logit),
        doi:10.1111/j.2517-6161.1980.tb01109.x.

    Args:
        beta: rationality, 1 / unit of utility, >= 0; None until calibrated.
        agreement: in place of beta: mean probability, over pairs of unequal segments, that the
            better one is chosen (ties aside, before noise); in [0.5, 1).
        tie: Davidson's weight, >= 0; P(tie) = tie / (2 + tie) for equal utilities.
        center, spread: thresholds of ratings, see `Rate.thresholds`.
    """

    beta: float | None = 1.0
    agreement: float | None = None
    tie: float = 0.0
    center: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        _check_scale(self.spread)
        if self.beta is None and self.agreement is None:
            raise ValueError("Boltzmann needs beta or agreement, got neither")
        if self.agreement is not None:
            _check_agreement(self.agreement)
        if self.beta is not None and not 0.0 <= self.beta < np.inf:
            raise ValueError(f"beta must be finite and at least 0, got {self.beta}")
        if not self.tie >= 0.0:
            raise ValueError(f"tie must be at least 0, got {self.tie}")

    @property
    def calibrated(self) -> bool:
        return self.beta is not None

    def calibrate(self, utilities: Probs) -> Self:
        """With the beta that gives `agreement` over all pairs of these utilities, (N,)."""
        if self.agreement is None:
            return self
        first, second = np.triu_indices(len(utilities), 1)
        differences = utilities[first] - utilities[second]
        return replace(self, beta=beta_for_agreement(differences, self.agreement))

    def probs(self, ask: Ask, utilities: Probs) -> Probs:
        if self.beta is None:
            raise ValueError(
                f"agreement={self.agreement} is not yet a beta: answer a first batch of queries, "
                "or give reference_returns"
            )
        if not isinstance(ask, Compare):
            edges = ask.thresholds(self.center, self.spread)
            return _levels(expit(self.beta * (edges - utilities[0])))
        # Only differences count; taking them first keeps large returns exact.
        half = self.beta * (utilities[0] - utilities[1]) / 2
        if not ask.ties or self.tie == 0.0:
            odds = softmax([half, -half])
            return np.append(odds, 0.0) if ask.ties else np.asarray(odds)
        return np.asarray(softmax([half, -half, np.log(self.tie)]))


@dataclass(frozen=True)
class CoinFlip(Choice):
    """Every answer is as likely as any other: the control that no learner may learn from.

    Source: own design.
    """

    blind: ClassVar[bool] = True

    def probs(self, ask: Ask, utilities: Probs) -> Probs:
        return np.full(int(ask.space.n), 1.0 / int(ask.space.n))


def beta_for_agreement(differences: npt.ArrayLike, agreement: float) -> float:
    """The beta for which the better one of a pair is chosen as often as asked.

    Solves mean_i sigmoid(beta * |d_i|) = agreement over the pairs with d_i != 0.

    Source: own design; the need: a fixed beta is nearly deterministic in one world and a coin
        flip in the next (imitation issue 821).

    Args:
        differences: differences of utility within pairs, any shape, in reward units.
        agreement: in [0.5, 1).

    Raises:
        ValueError: agreement out of range, or no pair of unequal finite utilities.
    """
    _check_agreement(agreement)
    gaps = np.abs(np.asarray(differences, np.float64).ravel())
    if not np.isfinite(gaps).all():
        raise ValueError("differences must be finite")
    gaps = gaps[gaps > 0.0]
    if len(gaps) == 0:
        raise ValueError("no pair of unequal utilities to calibrate the agreement on")
    unit = float(np.mean(gaps))

    def excess(beta: float) -> float:
        return float(np.mean(expit(beta * gaps / unit))) - agreement

    high = 1.0
    while excess(high) < 0.0:
        high *= 2.0
    return float(brentq(excess, 0.0, high, xtol=1e-12)) / unit


def _levels(cumulative: npt.NDArray[np.float64]) -> Probs:
    """P(level) from P(level <= k) for all but the last level."""
    return np.diff(cumulative, prepend=0.0, append=1.0)


def _check_scale(spread: float) -> None:
    if not 0.0 < spread < np.inf:
        raise ValueError(f"spread must be above 0, got {spread}")


def _check_agreement(agreement: float) -> None:
    if not 0.5 <= agreement < 1.0:
        raise ValueError(f"agreement must be in [0.5, 1), got {agreement}")
