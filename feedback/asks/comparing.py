"""Questions about several segments side by side: which is better, best, and in which order."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations
from math import inf, lgamma
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.asks.base import (
    MAX_CELLS,
    Answer,
    Ask,
    evenly_spaced,
    log_levels,
    with_lapse,
)

STRENGTHS = {1: ("",), 2: ("slightly ", "much "), 3: ("slightly ", "", "much ")}


@dataclass(frozen=True)
class Compare(Ask):
    """Which of two segments is better? Answers in stored order: 0 first, 1 second, 2 a tie.

    With strength levels, answer 2 s + i says that segment i is better with strength s = 0 (weakest)
    to levels - 1, and 2 levels is the tie. Which one is preferred, and how often neither, is as
    without strengths; how much is told by thresholds on the felt difference, `Choice.spread` apart.

    Source: Bradley and Terry 1952, doi:10.1093/biomet/39.3-4.324; graded: McCullagh 1980,
        doi:10.1111/j.2517-6161.1980.tb01109.x.

    Args:
        ties: whether a tie may be said.
        levels: strengths that may be said, >= 1.
    """

    ties: bool = False
    levels: int = 1
    kind: Literal["compare"] = "compare"

    def __post_init__(self) -> None:
        limits.keep_integers(self, levels=(1, inf))
        limits.keep_flags(self, "ties")

    @property
    def segments(self) -> int:
        return 2

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(2 * self.levels + self.ties)

    @property
    def question(self) -> str:
        return "Which one is better?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        many = tuple(f"strength {s + 1} " for s in range(self.levels))
        strengths = STRENGTHS.get(self.levels, many)
        sides = [f"{strength}{side}" for strength in strengths for side in ("first", "second")]
        return (tuple(sides) + ("equally good",) * self.ties,)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        difference = utilities[..., 0] - utilities[..., 1]
        if self.levels == 1:
            return (choice.log_pair(difference, self.ties),)
        xp, pair = functions(utilities), choice.log_pair(difference, self.ties)
        felt = difference / choice.pair_noise
        edges = evenly_spaced(2 * self.levels, 0.0, choice.spread) / choice.pair_noise
        # The scale runs from "second much better" to "first much better".
        scale = log_levels(choice, edges, felt)
        cells = []
        for strength in range(self.levels):
            for side, place in enumerate((self.levels + strength, self.levels - 1 - strength)):
                preferred = choice.log_cdf((-felt, felt)[side == 0])
                never = xp.full(preferred, -np.inf)
                possible = preferred > -np.inf
                share = scale[..., place] - xp.where(possible, preferred, xp.full(preferred, 0.0))
                cells.append(pair[..., side] + xp.where(possible, share, never))
        return (xp.stack([*cells, pair[..., 2]] if self.ties else cells),)

    def mirror(self, part: int) -> tuple[int, ...]:
        swapped = [cell ^ 1 for cell in range(2 * self.levels)]
        return tuple(swapped + [2 * self.levels] * self.ties)

    def preferred(self, cell: int) -> int | None:
        return None if cell == 2 * self.levels else cell % 2


@dataclass(frozen=True)
class Choose(Ask):
    """Which of several segments is the best? Answers are places in stored order.

    Source: Luce 1959, "Individual Choice Behavior" (softmax of the utilities).

    Args:
        segments: how many are shown, >= 2.
    """

    segments: int = 3
    kind: Literal["choose"] = "choose"

    def __post_init__(self) -> None:
        limits.keep_integers(self, segments=(2, inf))

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(self.segments)

    @property
    def question(self) -> str:
        return "Which one is the best?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return (tuple(f"number {i + 1}" for i in range(self.segments)),)

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        return (choice.log_options(utilities),)

    def preferred(self, cell: int) -> int:
        return cell


@dataclass(frozen=True)
class Rank(Ask):
    """In which order are several segments, the best one first? Answers name them in stored order.

    The best is chosen, then the best of the others, and so on.

    Source: Plackett 1975, doi:10.2307/2346567.

    Args:
        segments: how many are shown, >= 2; odds are enumerated up to 7.
    """

    segments: int = 3
    kind: Literal["rank"] = "rank"

    def __post_init__(self) -> None:
        limits.keep_integers(self, segments=(2, inf))

    @cached_property
    def space(self) -> "Permutation":
        return Permutation(self.segments)

    @property
    def question(self) -> str:
        return "In which order, the best one first?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        orders = self._orders() + 1
        return (tuple(" > ".join(map(str, order)) for order in orders.tolist()),)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return (len(self._orders()),)

    @property
    def expected(self) -> str:
        return f"a permutation of 0..{self.segments - 1}, the best one first"

    def codes(self, answers: Any) -> Any:
        orders = functions(answers).places(self._orders(), answers)
        return (answers[..., None, :] == orders).all(-1).argmax(-1)[..., None]

    def answer(self, cells: tuple[int, ...]) -> Answer:
        return tuple(self._orders()[cells[0]].tolist())

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        ordered = utilities[..., functions(utilities).places(self._orders(), utilities)]
        return (self._log_order(ordered, choice),)

    def log_prob(self, answers: Any, utilities: Any, choice: Any, lapse: float = 0.0) -> Any:
        """As `Ask.log_prob`, without enumerating, so for any number of segments."""
        xp = functions(utilities)
        ordered = xp.stack([xp.pick(utilities, answers[..., k]) for k in range(self.segments)])
        logp = self._log_order(ordered, choice)
        return with_lapse(logp, lapse, xp.full(logp, -lgamma(self.segments + 1)))

    def mirror(self, part: int) -> tuple[int, ...]:
        self._orders()
        return _mirrored(self.segments)

    def preferred(self, cell: int) -> int:
        return int(self._orders()[cell, 0])

    def _log_order(self, ordered: Any, choice: Any) -> Any:
        """Log-odds of an order of utilities, (...,) from (..., K), the best one first."""
        left = [choice.log_options(ordered[..., k:])[..., 0] for k in range(self.segments - 1)]
        return sum(left[1:], left[0])

    def _orders(self) -> npt.NDArray[np.int64]:
        """(K!, K) all orders, lexicographically."""
        if self.segments > 7:
            raise ValueError(
                f"{self} has more than {MAX_CELLS} orders, which are not enumerated; ask about at "
                "most 7 segments, or use log_prob"
            )
        return _permutations(self.segments)


class Permutation(gym.spaces.MultiDiscrete):
    """The orders of `size` things: (size,) int64, every number from 0 to size - 1 once."""

    def __init__(self, size: int, seed: int | None = None) -> None:
        super().__init__([size] * size, seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> npt.NDArray[np.int64]:
        """A random order; masks are not supported."""
        if mask is not None or probability is not None:
            raise ValueError("Permutation.sample takes neither mask nor probability")
        return self.np_random.permutation(len(self.nvec)).astype(np.int64)

    def contains(self, x: Any) -> bool:
        return super().contains(x) and len(set(np.asarray(x).tolist())) == len(self.nvec)

    def __repr__(self) -> str:
        return f"Permutation({len(self.nvec)})"


@lru_cache
def _permutations(size: int) -> npt.NDArray[np.int64]:
    """(size!, size), made once, because single cells are looked up in them; not to be changed."""
    return np.array(list(permutations(range(size))), np.int64)


@lru_cache
def _mirrored(size: int) -> tuple[int, ...]:
    """The place of every order read backwards."""
    orders = _permutations(size)
    places = {order: place for place, order in enumerate(map(tuple, orders.tolist()))}
    return tuple(places[order] for order in map(tuple, orders[:, ::-1].tolist()))
