"""Questions about one segment: how good it is, whether it will do, and what one feels about it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import gymnasium as gym
import numpy as np

from plaudit.feedback.arrays import functions
from plaudit.feedback.asks.base import (
    Ask,
    at_least,
    evenly_spaced,
    log_levels,
    log_yes,
    with_lapse,
)

MEANT, REVERSED, ANYWHERE = range(3)
"""How a continuous rating was given; noises move odds between these."""


@dataclass(frozen=True)
class Rate(Ask):
    """How good is this segment? Answers: 0 (worst) to levels - 1 (best), or a number in a range.

    A utility u is judged with noise e of the choice's family. A level is said where u + e lies
    between its thresholds, `Choice.spread` apart around `Choice.center`. On a continuous scale the
    number said is that of u + e, one `spread` of utility per unit around the middle, given that it
    lies within the range.

    Source: McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x; continuous: own design, its
        limit for many levels, truncated.

    Args:
        levels: of the scale, >= 2; None for a continuous one.
        low, high: ends of a continuous scale.
    """

    levels: int | None = 5
    low: float = 0.0
    high: float = 1.0
    kind: Literal["rate"] = "rate"

    def __post_init__(self) -> None:
        if self.levels is not None:
            at_least("levels", self.levels, 2)
        if not -np.inf < self.low < self.high < np.inf:
            raise ValueError(f"need finite low < high, got {self.low} and {self.high}")

    @property
    def continuous(self) -> bool:  # type: ignore[override]
        return self.levels is None

    @cached_property
    def space(self) -> gym.Space[Any]:
        if self.levels is None:
            return gym.spaces.Box(self.low, self.high, (), np.float64)
        return gym.spaces.Discrete(self.levels)

    @property
    def expected(self) -> str:
        return f"a number in [{self.low}, {self.high}]" if self.continuous else super().expected

    @property
    def question(self) -> str:
        return "How good is this?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        if self.levels is None:
            return (("as meant", "reversed", "anywhere"),)
        return (tuple(map(str, range(self.levels))),)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        if self.levels is None:
            return (self._given(utilities, MEANT),)
        edges = evenly_spaced(self.levels, choice.center, choice.spread)
        return (log_levels(choice, edges, utilities[..., 0]),)

    def mirror(self, part: int) -> tuple[int, ...]:
        if self.levels is None:
            return (REVERSED, MEANT, ANYWHERE)
        return tuple(reversed(range(self.levels)))

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        if self.levels is None:
            return (self._given(utilities, ANYWHERE),)
        return super().log_random(utilities)

    def log_density(self, numbers: Any, utility: Any, choice: Any) -> Any:
        """Log-density of a number said, (...,) nats per unit of the scale."""
        low, high = (self._thought(x, choice) - utility for x in (self.low, self.high))
        thought = self._thought(numbers, choice) - utility
        inside = choice.log_between(low, high)
        return choice.log_density(thought) + float(np.log(choice.spread)) - inside

    def quantile(self, uniform: float, utility: float, choice: Any) -> float:
        """The number said of which a share `uniform` of all lies below."""
        low, high = (self._thought(x, choice) - utility for x in (self.low, self.high))
        thought = choice.quantile_between(low, high, uniform) + utility
        number = (thought - choice.center) / choice.spread + (self.low + self.high) / 2
        return float(np.clip(number, self.low, self.high))

    def log_prob(self, answers: Any, utilities: Any, choice: Any, lapse: float = 0.0) -> Any:
        """As `Ask.log_prob`; a log-density where the scale is continuous."""
        if self.levels is not None:
            return super().log_prob(answers, utilities, choice, lapse)
        logp = self.log_density(answers, utilities[..., 0], choice)
        uniform = functions(logp).full(logp, -float(np.log(self.high - self.low)))
        return with_lapse(logp, lapse, uniform)

    def _given(self, utilities: Any, way: int) -> Any:
        """Log-odds that a continuous rating is certainly given in one way, (..., 3)."""
        sure = np.where(np.arange(3) == way, 0.0, -np.inf)
        xp = functions(utilities)
        return xp.full(utilities, 0.0) + xp.constant(sure, utilities)

    def _thought(self, number: Any, choice: Any) -> Any:
        return choice.center + choice.spread * (number - (self.low + self.high) / 2)


@dataclass(frozen=True)
class Approve(Ask):
    """Will this do? Answers: 0 no, 1 yes; P(yes) that of a utility above `Choice.center`.

    Source: arXiv:2402.01306 (unpaired desirable or undesirable labels).
    """

    kind: Literal["approve"] = "approve"

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(2)

    @property
    def question(self) -> str:
        return "Will this do?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return (("no", "yes"),)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        return (log_yes(choice, utilities[..., 0]),)

    def mirror(self, part: int) -> tuple[int, ...]:
        return (1, 0)


@dataclass(frozen=True)
class React(Ask):
    """Which reaction, if any, does this get? Answers: 0 to K - 1 its kind, K none.

    P(kind k) = rate_k * P(sign_k * (u - center) judged above 0). Most people say nothing, and
    silence tells something too (it is missing not at random), so it is an answer and no skip.

    Source: arXiv:2505.14946 (P[Love]).

    Args:
        kinds: what may be said.
        signs: +1 for what good segments get, -1 for what bad ones get.
        rates: largest probability of each, > 0, at most 1 in all.
    """

    kinds: tuple[str, ...] = ("love",)
    signs: tuple[int, ...] = (1,)
    rates: tuple[float, ...] = (0.01,)
    kind: Literal["react"] = "react"

    def __post_init__(self) -> None:
        for name in ("kinds", "signs", "rates"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not len(self.kinds) == len(self.signs) == len(self.rates) > 0:
            raise ValueError(
                "kinds, signs and rates name the same reactions, at least one; got "
                f"{self.kinds}, {self.signs}, {self.rates}"
            )
        if any(sign not in (-1, 1) for sign in self.signs):
            raise ValueError(f"signs must be -1 or 1, got {self.signs}")
        if min(self.rates) <= 0 or sum(self.rates) > 1:
            raise ValueError(f"rates must be above 0 and at most 1 in all, got {self.rates}")

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(len(self.kinds) + 1)

    @property
    def question(self) -> str:
        return "Your reaction, if any?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return ((*self.kinds, "none"),)

    def mirror(self, part: int) -> tuple[int, ...]:
        """The k-th good reaction stands against the k-th bad one; silence stays, and all others."""
        cells = list(range(len(self.kinds) + 1))
        good, bad = ([k for k, s in enumerate(self.signs) if s == sign] for sign in (1, -1))
        for one, other in zip(good, bad, strict=False):
            cells[one], cells[other] = other, one
        return tuple(cells)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        xp = functions(utilities)
        above = utilities[..., 0] - choice.center
        said = [
            choice.log_cdf(sign * above) + float(np.log(rate))
            for sign, rate in zip(self.signs, self.rates, strict=True)
        ]
        spoken = sum(xp.exp(logp) for logp in said)
        return (xp.stack([*said, xp.log_rest(spoken)]),)
