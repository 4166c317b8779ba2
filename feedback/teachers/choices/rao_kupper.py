"""RaoKupper: Boltzmann, but a tie is said where the difference is felt to be small."""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.teachers.choices.boltzmann import Boltzmann


@dataclass(frozen=True)
class RaoKupper(Boltzmann):
    """P(first) = 1 / (1 + exp(d - beta (u_0 - u_1))), P(second) alike, and a tie with the rest.

    With exp(d) = k: P(tie) = (k^2 - 1) P(first) P(second). All the rest is as in `Boltzmann`.

    Source: Rao and Kupper 1967, doi:10.1080/01621459.1967.10482901.

    Args:
        beta, agreement, center, spread: see `Boltzmann`; `tie` is not used.
        indifference: d, in units of beta * u, >= 0.
    """

    indifference: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tie or self.tie_share is not None:
            raise ValueError(
                "RaoKupper says ties by indifference; "
                f"got tie={self.tie}, tie_share={self.tie_share}"
            )
        limits.keep_numbers(self, indifference=(0, inf))

    def log_pair(self, x: Any, ties: bool) -> Any:
        if not ties or self.indifference == 0.0:
            return super().log_pair(x, ties)
        xp, d = functions(x), self.indifference
        first, second = (xp.log_sigmoid(sign * self._beta * x - d) for sign in (1, -1))
        return xp.stack([first, second, first + second + d + d + float(np.log1p(-np.exp(-2 * d)))])
