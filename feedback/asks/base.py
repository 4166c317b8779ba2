"""What a question is: its answer space, and how utilities make one answer likelier than another.

An answer consists of one or more independent *parts*, each of them one of several *cells*. The
odds of the cells are built from four things that a `Choice` knows how to do: judge a threshold
(`log_cdf`, `log_between`), compare two (`log_pair`) and pick one of several (`log_options`). So a
new question works with every choice, and a new choice with every question.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions

Answer = int | float | tuple[int, ...]
"""An answer as JSON would hold it: an index, a number, or one index per part."""

Grain = Literal["segment", "step", "item", "action", "path"]
"""What a question needs the worth of: whole segments, steps, items, actions, sequences of them."""

MAX_CELLS = 5040
"""Most answers that are enumerated: the orders of 7 segments."""


class Ask(ABC):
    """A question about segments. Subclasses are frozen records of JSON-able settings.

    Attributes:
        kind: its name, as stored.
        grain: what its utilities are about.
        continuous: whether the answer is a real number.
    """

    kind: str
    grain: ClassVar[Grain] = "segment"
    continuous: ClassVar[bool] = False

    @property
    @abstractmethod
    def space(self) -> gym.Space[Any]:
        """The answers, in stored order."""

    @property
    def segments(self) -> int:
        """How many segments it is about."""
        return 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the utilities that the odds depend on."""
        return (self.segments,)

    @abstractmethod
    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        """Log-probability of every cell, (..., cells) for each part, nats.

        Args:
            utilities: (..., *shape), numpy or torch; NaN where there is nothing to judge.
            choice: a `Choice`.
        """

    @property
    @abstractmethod
    def question(self) -> str:
        """The question in words, for people."""

    @property
    @abstractmethod
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The cells of every part in words, for people."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts in words; one unnamed part for most questions."""
        return ("",)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Cells of every part."""
        return tuple(len(names) for names in self.names)

    @cached_property
    def count(self) -> int:
        """How many answers there are: combinations of cells."""
        return prod(self.sizes)

    def codes(self, answers: Any) -> Any:
        """The cells of answers, (B, parts) from (B,) or (B, ...), numpy or torch."""
        return answers[..., None] if len(self.sizes) == 1 and answers.ndim == 1 else answers

    def answer(self, cells: tuple[int, ...]) -> Answer:
        """The answer that stands in some cells, one per part; the reverse of `codes`."""
        return cells[0] if len(cells) == 1 and self.space.shape == () else cells

    def answers(self) -> tuple[Answer, ...]:
        """Every answer, in the order of `Teacher.probs`.

        Raises:
            ValueError: there are more than MAX_CELLS, or the answer is a real number.
        """
        if self.continuous or self.count > MAX_CELLS:
            what = "real numbers" if self.continuous else f"{self.count} answers"
            raise ValueError(f"{self} has {what}, which are not enumerated; use Teacher.odds")
        return tuple(self.answer(tuple(map(int, cells))) for cells in np.ndindex(self.sizes))

    def mirror(self, part: int) -> tuple[int, ...] | None:
        """The cell that is said in place of each by mistake; None for any of the others."""
        return None

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        """Log-odds of the cells of every part where one answers without looking.

        The utilities matter only where they say that there is nothing to judge.
        """
        xp = functions(utilities)
        zero = xp.full(utilities[(..., *[0] * len(self.shape))], 0.0)[..., None]
        return tuple(zero + xp.constant(np.full(n, -np.log(n)), zero) for n in self.sizes)

    def alike(self, steps: int) -> npt.NDArray[np.float64]:
        """The utilities of somebody to whom all is alike, for a segment of so many steps."""
        return np.zeros(self.shape)

    def reverse(
        self, part: int, odds: npt.NDArray[np.float64], possible: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Odds of a part, (cells,), where one says the reverse of what one means.

        Args:
            part: which.
            odds: of the answer meant.
            possible: (cells,) what can be said at all; without a mirror it is any other of these.
        """
        mirror = self.mirror(part)
        if mirror is not None:
            return odds[list(mirror)]
        others = np.count_nonzero(possible) - 1
        if others < 1:
            return odds
        return np.where(possible, (odds[possible].sum() - odds) / others, odds)

    def options(self, utilities: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """Utilities that are compared with each other, in rows, (...,) from (*shape)."""
        return [utilities.ravel()]

    def preferred(self, cell: int) -> int | None:
        """The segment, in stored order, that a cell calls the best one, if any."""
        return None

    def check(self, answer: Any) -> Answer:
        """The answer as it is stored.

        Raises:
            ValueError: it lies outside the space; the message says what was expected.
        """
        plain = _plain(answer, self.space)
        if plain is None or not self.space.contains(_as_sample(plain, self.space)):
            raise ValueError(f"{answer!r} is no answer to {self}; expected {self.expected}")
        return plain

    @property
    def expected(self) -> str:
        """The answer space in words, for messages."""
        if isinstance(self.space, gym.spaces.Discrete):
            return f"an integer in 0..{int(self.space.n) - 1}"
        return f"one of {self.space}"

    def log_prob(self, answers: Any, utilities: Any, choice: Any, lapse: float = 0.0) -> Any:
        """Log-probability of answers, (B,), nats; (B, ...) answers and (B, *shape) utilities."""
        xp, codes = functions(utilities), self.codes(answers)
        meant, random = self.log_odds(utilities, choice), self.log_random(utilities)
        parts = enumerate(zip(meant, random, strict=True))
        return sum(
            with_lapse(xp.pick(m, codes[..., i]), lapse, xp.pick(r, codes[..., i]))
            for i, (m, r) in parts
        )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values, with the kind."""
        return {**asdict(self), "kind": self.kind}  # type: ignore[call-overload]


def with_lapse(logp: Any, lapse: float, log_random: Any) -> Any:
    """Log of (1 - lapse) P + lapse * P at random."""
    if lapse == 0.0:
        return logp
    looked, random = float(np.log1p(-lapse)), float(np.log(lapse))
    return functions(logp).log_add(logp + looked, log_random + random)


def log_even(utilities: Any) -> Any:
    """Log-odds of picking without looking: even over what is possible, whose utility is > -inf."""
    xp = functions(utilities)
    possible = utilities > -np.inf
    return xp.log_softmax(xp.where(possible, xp.full(utilities, 0.0), xp.full(utilities, -np.inf)))


def values_done(
    ask: Ask, values: npt.NDArray[np.float64], taken: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Values of the actions taken, (T,), from those of all, (T + 1, A); ValueError if infinite."""
    done = values[np.arange(len(taken)), taken.astype(np.int64)]
    if not np.isfinite(done).all():
        raise ValueError(
            f"{ask} needs finite values of the actions taken, illegal ones too; got {done.tolist()}"
        )
    return np.asarray(done)


def log_levels(choice: Any, edges: npt.NDArray[np.float64], utilities: Any) -> Any:
    """Log-odds of the levels between edges: (..., K) from (...,) utilities and K - 1 edges.

    Source: McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x (cumulative link model).
    """
    xp = functions(utilities)
    away = xp.constant(edges, utilities) - utilities[..., None]
    inner = choice.log_between(away[..., :-1], away[..., 1:])
    return xp.concat([choice.log_cdf(away[..., :1]), inner, choice.log_cdf(-away[..., -1:])])


def log_yes(choice: Any, utilities: Any) -> Any:
    """Log-odds of no and yes, (..., 2): whether a utility exceeds the choice's center."""
    return log_levels(choice, np.array([choice.center]), utilities)


def evenly_spaced(levels: int, center: float, spread: float) -> npt.NDArray[np.float64]:
    """(levels - 1,) thresholds around a center, `spread` apart."""
    steps = np.arange(levels - 1, dtype=np.float64) - (levels - 2) / 2
    return center + spread * steps


def different_names(setting: str, names: Any) -> tuple[str, ...]:
    """A setting that lists different texts, at least one; ValueError if it does not."""
    given = limits.check_list(setting, names, "names")
    if not all(isinstance(name, str) for name in given) or len(set(given)) != len(given):
        raise ValueError(f"{setting} must be different names, at least one; got {names!r}")
    return given


def _plain(answer: Any, space: gym.Space[Any]) -> Answer | None:
    """A JSON-able copy of an answer, or None where it is not even of the right kind."""
    if isinstance(answer, bool | str) or answer is None:
        return None
    try:
        array = np.asarray(answer)
    except ValueError:
        return None
    if array.shape != space.shape or array.dtype.kind not in "iuf":
        return None
    if isinstance(space, gym.spaces.Box):
        return float(array)
    if array.dtype.kind == "f":
        return None
    return int(array) if array.ndim == 0 else tuple(array.tolist())


def _as_sample(plain: Answer, space: gym.Space[Any]) -> Any:
    return plain if isinstance(plain, int) else np.asarray(plain, space.dtype)
