"""What a choice is: how utilities become an answer, whatever the question.

Every question is answered by four elementary judgements (see `asks.base`). A family of choices
states them once: how likely noise lies below a threshold, how two are compared, and how one of
several is picked.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.asks import Ask

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice(ABC):
    """How utilities become an answer. A frozen record of JSON-able settings.

    Arrays are numpy or torch; x is a difference of utilities, u utilities, both in their unit.

    Attributes:
        blind: True where utilities are ignored; the lens is then never opened.
        pair_noise: noise of a felt difference, in that of one felt utility.
        learnable: whether its likelihood can be climbed, so that `likelihoods.log_prob` takes it.
        center: the utility in the middle of the annotator's scale: that of a middling rating, above
            which one approves, checks an item or counts a step as good.
        spread: utility between two neighbouring thresholds of that scale, > 0.
    """

    blind: ClassVar[bool] = False
    learnable: ClassVar[bool] = True
    pair_noise: ClassVar[float] = 1.0

    center: float = field(default=0.0, kw_only=True)
    spread: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        limits.keep_positive(self, spread=(0, inf))
        limits.keep_numbers(self, center=(-inf, inf))

    @abstractmethod
    def log_cdf(self, x: Any) -> Any:
        """Log P(noise <= x), elementwise; the noise is symmetric around 0."""

    @abstractmethod
    def log_options(self, u: Any) -> Any:
        """Log-odds of each of K options, (..., K) from (..., K)."""

    def log_between(self, low: Any, high: Any) -> Any:
        """Log P(low < noise <= high), elementwise, low < high."""
        # In the tail where both are small their difference stays exact.
        xp = functions(low)
        flip = low > 0
        near = self.log_cdf(xp.where(flip, -low, high))
        far = self.log_cdf(xp.where(flip, -high, low))
        return near + xp.log_rest(far - near)

    def log_pair(self, x: Any, ties: bool) -> Any:
        """Log-odds of first, second and, where it may be said, a tie: (..., 2 or 3) from (...,)."""
        xp = functions(x)
        decided = [self.log_cdf(x / self.pair_noise), self.log_cdf(-x / self.pair_noise)]
        return xp.stack(decided + [xp.full(x, -np.inf)] * ties)

    def log_density(self, x: Any) -> Any:
        """Log-density of the noise, nats per unit of utility."""
        raise ValueError(f"{type(self).__name__} gives no real numbers, only discrete answers")

    def quantile(self, logp: float) -> float:
        """The noise below which it lies with a log-probability, nats."""
        raise ValueError(f"{type(self).__name__} gives no real numbers, only discrete answers")

    def quantile_between(self, low: float, high: float, uniform: float) -> float:
        """The noise, given that it lies in (low, high], of which a share `uniform` is below."""
        if low > 0:
            return -self.quantile_between(-high, -low, 1.0 - uniform)
        with np.errstate(divide="ignore"):
            shares = np.log1p(-uniform), np.log(uniform)
        # In logs, because far out both probabilities are too small for numbers.
        return self.quantile(
            float(np.logaddexp(shares[0] + self.log_cdf(low), shares[1] + self.log_cdf(high)))
        )

    def scaled(self, factor: float) -> Self:
        """The same annotator with `factor` times the rationality."""
        return self

    @property
    def calibrated(self) -> bool:
        """Whether odds can be asked for."""
        return True

    def calibrate(self, utilities: Floats, ties: bool = True) -> Self:
        """This choice fitted to the utilities of representative segments.

        Args:
            utilities: (N,), or (rows, N) of options that are compared within their row only; NaN
                where there are fewer.
            ties: whether ties may be said.
        """
        return self

    def odds(self, ask: Ask, utilities: Floats) -> tuple[Floats, ...]:
        """Odds of the cells of every part of an answer, (cells,) each."""
        parts = [np.exp(log_odds) for log_odds in ask.log_odds(utilities, self)]
        return tuple(part / part.sum() for part in parts)
