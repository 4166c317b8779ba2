"""How much the estimate of a linear utility scatters, exactly: from whole rankings, or their pairs.

For Plackett-Luce rankings of K things, u = theta . phi, of the minimisers of

    whole:  -log_prob(ranking)                        Plackett-Luce maximum likelihood
    pairs:  -sum over its pairs of log_prob(pair)     as if K (K - 1) / 2 had been asked for

all rankings are enumerated, so that there is nothing to simulate.

Source: arXiv:2301.11270, section 4 (MLE_K and MLE_2); the sandwich: doi:10.2307/1912526.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch

from plaudit.feedback.asks import Compare, Rank
from plaudit.feedback.likelihoods import log_prob
from plaudit.feedback.models.sandwich import sandwich

Floats = npt.NDArray[np.float64]


def ranking_variance(features: Floats, theta: Floats, pairs: bool = False) -> Floats:
    """Covariance of sqrt(n) (estimate - theta) from n rankings, (d, d).

    Args:
        features: (Q, K, d) of the things in each question, 2 <= K <= 7; all are asked alike often.
        theta: (d,) the truth.
        pairs: take the pairs of a ranking for independent comparisons.

    Raises:
        ValueError: shapes that do not go together, or questions that leave part of theta untold.
    """
    if features.ndim != 3 or theta.shape != features.shape[2:]:
        raise ValueError(
            f"features must be (Q, K, d) and theta (d,), got {features.shape} and {theta.shape}"
        )
    questions, size = features.shape[:2]
    ask = Rank(size)
    orders = torch.tensor(ask.answers())
    answers = orders.repeat(questions, 1)
    seen = torch.from_numpy(features).repeat_interleave(len(orders), 0)

    def whole(at: torch.Tensor) -> torch.Tensor:
        return -log_prob(ask, answers, seen @ at)

    def parts(at: torch.Tensor) -> torch.Tensor:
        ordered = (seen @ at).gather(1, answers)
        first = torch.zeros(len(ordered), dtype=torch.int64)
        return -sum(
            (
                log_prob(Compare(), first, ordered[:, [i, j]])
                for i, j in combinations(range(size), 2)
            ),
            torch.zeros(len(ordered), dtype=ordered.dtype),
        )

    odds = torch.exp(-whole(torch.from_numpy(theta))).numpy() / questions
    return sandwich(parts if pairs else whole, theta, odds)
