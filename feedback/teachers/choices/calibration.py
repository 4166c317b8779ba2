"""Rationality given as agreement, and ties as their share: what is seen of an annotator."""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit

from plaudit.envs import limits

Floats = npt.NDArray[np.float64]

MOST_PAIRED = 500
"""Utilities of which all pairs are looked at."""

FAR = 300.0
"""Half a difference of utilities, in units of 1 / beta, beyond which answers are certain."""


def beta_for_agreement(
    differences: npt.ArrayLike,
    agreement: float,
    pair: Callable[[float, Floats], Floats] | None = None,
) -> float:
    """The beta for which the better one of a pair is chosen as often as asked.

    Solves sum_i P_i(better) / sum_i P_i(better or worse) = agreement over the pairs with d_i != 0;
    without ties that is mean_i sigmoid(beta * |d_i|) = agreement.

    Source: own design; the need: a fixed beta is nearly deterministic in one world and a coin
        flip in the next (imitation issue 821).

    Args:
        differences: differences of utility within pairs, any shape, in reward units.
        agreement: in [0.5, 1).
        pair: (beta, (n,) differences > 0) -> (n, 2 or 3) odds of better, worse and a tie; None
            for logistic ones without ties.

    Raises:
        ValueError: agreement out of range, or no pair of unequal finite utilities.
    """
    check_agreement(agreement)
    gaps = _unequal(_gaps(differences))
    unit = float(np.mean(gaps))

    def excess(beta: float) -> float:
        odds = (pair or _logistic)(beta / unit, gaps)
        return float(odds[:, 0].sum() / odds[:, :2].sum()) - agreement

    return _rising(excess) / unit


def _logistic(beta: float, differences: Floats) -> Floats:
    return np.stack([expit(beta * differences), expit(-beta * differences)], axis=1)


def tie_for_share(differences: npt.ArrayLike, beta: float, share: float) -> float:
    """Davidson's weight for which ties are as frequent as asked.

    Solves mean_i P_i = share over all pairs, with P_i = tie / (tie + 2 cosh(beta d_i / 2)).

    Source: own design; the model is Davidson's, doi:10.1080/01621459.1970.10481082.

    Args:
        differences: differences of utility within pairs, any shape, in reward units.
        beta: rationality, 1 / reward unit.
        share: of ties, in [0, 1).

    Raises:
        ValueError: the answers are so certain that no finite weight makes ties of them.
    """
    if share == 0.0:
        return 0.0
    half = beta * _gaps(differences) / 2
    log_odds = -half - np.log1p(np.exp(-2 * half))  # of a tie, for weight 1: -log(2 cosh(half))
    # Between the weights that would do if all pairs were like the closest, or the farthest one.
    low, high = (float(logit(share) - edge) for edge in (log_odds.max(), log_odds.min()))
    weight = brentq(lambda w: np.mean(expit(w + log_odds)) - share, low - 1e-6, high + 1e-6)
    if weight > np.log(np.finfo(np.float64).max):
        raise ValueError(f"no weight makes {share} of such certain answers ties; lower beta={beta}")
    return float(np.exp(weight))


def beta_and_tie(
    differences: npt.ArrayLike, agreement: float, tie_share: float
) -> tuple[float, float]:
    """Rationality and Davidson's weight that give both what is asked.

    Ties take more of the close pairs than of the others, so those that are decided agree more.

    Source: own design.

    Args:
        differences: differences of utility within pairs, any shape, in reward units.
        agreement: share of decided answers to unequal pairs that name the better one, [0.5, 1).
        tie_share: share of ties over all pairs, in [0, 1).

    Raises:
        ValueError: agreement out of range, or no pair of unequal finite utilities.
    """
    check_agreement(agreement)
    gaps = _gaps(differences)
    unequal = _unequal(gaps)
    unit = float(np.mean(unequal))

    def excess(beta: float) -> float:
        scaled = beta * unequal / unit
        weight = tie_for_share(gaps, beta / unit, tie_share)
        decided = 1.0 / (1.0 + weight / (2.0 * np.cosh(np.minimum(scaled / 2, FAR))))
        return float(np.average(expit(scaled), weights=decided)) - agreement

    beta = _rising(excess) / unit
    return beta, tie_for_share(gaps, beta, tie_share)


def _rising(excess: Callable[[float], float]) -> float:
    """Where a function that rises from below 0 is 0."""
    high = 1.0
    while excess(high) < 0.0:
        high *= 2.0
    return float(brentq(excess, 0.0, high, xtol=1e-12))


def _gaps(differences: npt.ArrayLike) -> Floats:
    gaps = np.abs(np.asarray(differences, np.float64).ravel())
    if not np.isfinite(gaps).all():
        raise ValueError("differences must be finite")
    return gaps


def _unequal(gaps: Floats) -> Floats:
    gaps = gaps[gaps > 0.0]
    if len(gaps) == 0:
        raise ValueError("no pair of unequal utilities to calibrate the agreement on")
    return gaps


def differences_of(utilities: Floats) -> Floats:
    """Differences within all pairs of a row, (pairs,) from (N,) or (rows, N); infinite ones apart.

    Of a row longer than MOST_PAIRED as many evenly spaced quantiles stand for all.
    """
    size = utilities.shape[-1]
    if size > MOST_PAIRED:
        # The middles of equal shares: the extremes, far out in long tails, stand for few.
        places = (np.arange(MOST_PAIRED) + 0.5) * (size / MOST_PAIRED)
        utilities = np.sort(utilities, axis=-1)[..., places.astype(np.int64)]
    first, second = np.triu_indices(utilities.shape[-1], 1)
    one, other = utilities[..., first], utilities[..., second]
    finite = np.isfinite(one) & np.isfinite(other)
    return np.asarray(one[finite] - other[finite])


def stacked(rows: Sequence[Floats]) -> Floats:
    """Utilities that are compared within their row only, (rows, N), short rows padded with NaN."""
    padded = np.full((len(rows), max(map(len, rows))), np.nan)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded


def check_agreement(agreement: float) -> None:
    """Refuse an agreement outside [0.5, 1); ValueError."""
    if not 0.5 <= limits.check_range("agreement", agreement, -inf, inf) < 1.0:
        raise ValueError(f"agreement must be in [0.5, 1), got {agreement}")
