"""Questions about one segment: how good it is, whether it will do, and what one feels about it."""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.asks.base import (
    Ask,
    different_names,
    evenly_spaced,
    log_levels,
    log_yes,
    with_lapse,
)

Floats = npt.NDArray[np.float64]

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
            limits.keep_integers(self, levels=(2, inf))
        limits.keep_numbers(self, low=(-inf, inf), high=(-inf, inf))
        if not self.low < self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")

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
        kinds = different_names("kinds", self.kinds)
        signs = limits.check_numbers("signs", self.signs, -1, 1, count=len(kinds), integer=True)
        rates = limits.check_numbers("rates", self.rates, 0, 1, count=len(kinds), above=True)
        limits.keep(self, kinds=kinds, signs=signs, rates=rates)
        if 0 in signs:
            raise ValueError(f"signs must be -1 or 1, got {signs}")
        if sum(rates) > 1:
            raise ValueError(f"rates must be at most 1 in all, got {rates}")

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(len(self.kinds) + 1)

    @property
    def question(self) -> str:
        return "Your reaction, if any?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return ((*self.kinds, "none"),)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        xp = functions(utilities)
        above = utilities[..., 0] - choice.center
        pairs = list(zip(self.signs, self.rates, strict=True))
        said, kept = (
            [choice.log_cdf(way * sign * above) + float(np.log(rate)) for sign, rate in pairs]
            for way in (1, -1)
        )
        quiet = max(0.0, 1.0 - sum(self.rates))
        never = xp.full(above, float(np.log(quiet)) if quiet else -np.inf)
        return (xp.stack([*said, xp.log_sum(xp.stack([*kept, never]))]),)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        """Log-odds for whoever does not look: each reaction half as often as it could be at most.

        That is silence as often as the rates say, where nobody can tell good from bad.
        """
        xp, half = functions(utilities), np.array(self.rates) / 2
        zero = xp.full(utilities, 0.0)
        return (zero + xp.constant(np.log(np.append(half, 1.0 - half.sum())), zero),)

    def reverse(self, part: int, odds: Floats, possible: npt.NDArray[np.bool_]) -> Floats:
        """What one would say if what is above the center were as much below it."""
        rates = np.array(self.rates)
        said = np.clip(rates - odds[:-1], 0.0, rates)
        return np.append(said, 1.0 - said.sum())
