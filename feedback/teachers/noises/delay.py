"""Delay: the answer comes later than the question."""

from dataclasses import dataclass

import numpy as np

from plaudit.feedback.teachers.noises.base import Noise


@dataclass(frozen=True)
class Delay(Noise):
    """An answer comes `low` ticks of the asker's clock late, or a random number of them.

    Uniform from `low` to `high`, both included, or `low` more than the whole part of a gamma
    variable. Drawn from the teacher's stream of delays, so that answers do not depend on it.

    Source: doi:10.1145/1597735.1597738 (gamma-distributed delay of a trainer's feedback).

    Args:
        low: least delay, ticks, >= 0.
        high: largest delay, ticks; None for a constant or a gamma delay.
        shape: of the gamma distribution, > 0.
        scale: of the gamma distribution, ticks, > 0.
    """

    low: int = 0
    high: int | None = None
    shape: float | None = None
    scale: float | None = None

    def __post_init__(self) -> None:
        gamma = (self.shape, self.scale)
        if self.low < 0 or (self.high is not None and self.high < self.low):
            raise ValueError(f"Delay: need 0 <= low <= high, got {self.low} and {self.high}")
        if any(value is not None for value in gamma):
            if self.high is not None or any(value is None for value in gamma):
                raise ValueError(
                    "Delay: give high, or both shape and scale; "
                    f"got high={self.high}, shape={self.shape}, scale={self.scale}"
                )
            if not all(0.0 < float(value or 0.0) < np.inf for value in gamma):
                raise ValueError(f"Delay: shape and scale must be above 0, got {gamma}")

    def delay(self, rng: np.random.Generator) -> int:
        if self.high is not None:
            return int(rng.integers(self.low, self.high, endpoint=True))
        if self.shape is not None and self.scale is not None:
            return self.low + int(rng.gamma(self.shape, self.scale))
        return self.low
