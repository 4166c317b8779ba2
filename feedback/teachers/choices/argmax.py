"""Argmax: always the better one, and a fair coin between equals."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from plaudit.feedback.teachers.choices.base import Choice


@dataclass(frozen=True)
class Argmax(Choice):
    """Always the better one; an exact tie is called a tie where that may be said, else fair.

    A utility exactly on a threshold counts half above and half below. Numpy only: certain
    answers give nothing to descend on.

    Source: arXiv:2111.03026, "oracle" (B-Pref).
    Differs: B-Pref's code labels an exact tie "first" every time.

    Args:
        center, spread: the annotator's scale, see `Choice`.
    """

    learnable: ClassVar[bool] = False

    def log_cdf(self, x: Any) -> Any:
        return _log(np.heaviside(x, 0.5))

    def log_between(self, low: Any, high: Any) -> Any:
        return _log(np.heaviside(high, 0.5) - np.heaviside(low, 0.5))

    def log_options(self, u: Any) -> Any:
        best = u == u.max(axis=-1, keepdims=True)
        return _log(best / best.sum(axis=-1, keepdims=True))

    def log_pair(self, x: Any, ties: bool) -> Any:
        if not ties:
            return super().log_pair(x, ties)
        return _log(np.stack([x > 0, x < 0, x == 0], axis=-1).astype(np.float64))


def _log(odds: Any) -> Any:
    odds = np.asarray(odds, np.float64)
    return np.log(odds, where=odds > 0.0, out=np.full(odds.shape, -np.inf))
