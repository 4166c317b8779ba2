r"""How much an estimator scatters, exactly: the sandwich variance of whatever minimises a loss.

For the minimiser of a sum of losses l(y, theta) over n independent answers, each of odds p(y),

    sqrt(n) (estimate - theta) -> N(0, H^-1 S H^-1),   H = E l'',   S = E l' l'^T

Where l is -log p itself, S = H and the variance is H^-1, the inverse of Fisher's information,
which no regular estimator undercuts.

Source: Huber 1967; White 1982, doi:10.2307/1912526.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float64]


def sandwich(loss: Callable[[torch.Tensor], torch.Tensor], theta: Floats, odds: Floats) -> Floats:
    """The asymptotic covariance of sqrt(n) (estimate - theta), (d, d).

    Args:
        loss: theta (d,) -> (R,), the loss of every answer that may be given, to any question.
        theta: (d,) the minimiser of the expected loss.
        odds: (R,) how often each answer to each question comes, summing to 1.

    Raises:
        ValueError: odds that are none, theta is no minimiser, or the loss does not tell all of it.
    """
    if odds.ndim != 1 or odds.min() < 0.0 or abs(odds.sum() - 1.0) > 1e-6:
        raise ValueError(f"odds must be (R,), >= 0, of sum 1; got shape {odds.shape}, {odds.sum()}")
    at, weights = torch.from_numpy(theta), torch.from_numpy(odds)
    slopes = torch.func.jacfwd(loss)(at).numpy()
    bend = torch.func.hessian(lambda t: weights @ loss(t))(at).numpy()
    slope = float(np.abs(odds @ slopes).max())
    if slope > 1e-4:
        raise ValueError(f"theta does not minimise the expected loss: its slope there is {slope}")
    if np.linalg.matrix_rank(bend, hermitian=True) < len(theta):
        raise ValueError("the answers leave a direction of theta untold; its variance is infinite")
    inverse = np.linalg.inv(bend)
    scatter: Floats = inverse @ (slopes.T @ (odds[:, None] * slopes)) @ inverse
    return scatter
