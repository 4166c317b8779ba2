"""Delay: the answer comes later than the question."""

from dataclasses import dataclass

import numpy as np

from plaudit.envs import limits
from plaudit.feedback import delays
from plaudit.feedback.teachers.noises.base import Noise


@dataclass(frozen=True)
class Delay(Noise):
    """An answer comes some ticks of the asker's clock late.

    Drawn from the teacher's stream of delays, so that answers do not depend on it.

    Source: doi:10.1145/1597735.1597738 (gamma-distributed delay of a trainer's feedback).

    Args:
        ticks: a number, [least, most] (uniform) or {"shape": ..., "scale": ...} (gamma), see
            `delays`.
    """

    ticks: delays.Delay = 0

    def __post_init__(self) -> None:
        limits.keep(self, ticks=delays.check_delay(self.ticks, whole=True))

    def delay(self, rng: np.random.Generator) -> int:
        return int(delays.draw_delay(self.ticks, rng, whole=True))
