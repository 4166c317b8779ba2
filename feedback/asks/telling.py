"""A question answered in words: typed language feedback, as statements with exact odds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, ClassVar, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.arrays import functions
from plaudit.feedback.asks.base import (
    Ask,
    Grain,
    evenly_spaced,
    log_even,
    log_levels,
    values_done,
    with_lapse,
)

SLOTS = ("r", "hp", "hn", "fp", "fn")
"""Reward; hindsight positive, negative; future positive, negative."""

PHRASES = (
    ("That was worth {}.", "I would give {} for that.", "For what you did: {}."),
    ("What you just did was {}.", "Your last step was {}.", "That step: {}."),
    ("Next: {}.", "I would go on with this: {}.", "What to do now: {}."),
    ("Not next: {}.", "I would not go on with this: {}.", "What to avoid now: {}."),
)
"""Wordings of every part that say the same; the first one is used unless others are asked for."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Critique(Ask):
    """What is there to say about the last action of this segment, and about what comes next?

    An answer has four parts, each of them 0 where nothing is said:

        reward     1 + level of 0 (worst) .. levels - 1, as `Rate` judges what was done   (r)
        hindsight  1 it was right (hp), 2 it was wrong (hn)
        do         1 + an action to take next                                             (fp)
        avoid      1 + an action to avoid next                                            (fn)

    P(right) is the odds of choosing what was done over those of choosing the best; an action to
    take is chosen among all by their values, one to avoid by their values negated; illegal ones,
    of value -inf, are named by neither. What a slot that is not asked for would say remains unsaid.

    Source: arXiv:2312.06853 (LLF-Bench), whose five kinds of feedback these are.
    Differs: there the action to avoid is a random bad one.

    Args:
        actions: A, actions 0 .. A - 1.
        levels: of the reward in words, >= 2.
        slots: which kinds may be said, of r, hp, hn, fp, fn.
    """

    actions: int
    levels: int = 5
    slots: tuple[str, ...] = SLOTS
    kind: Literal["critique"] = "critique"
    grain: ClassVar[Grain] = "action"

    def __post_init__(self) -> None:
        limits.keep_integers(self, actions=(2, inf), levels=(2, inf))
        limits.keep(self, slots=limits.check_names("slots", self.slots, SLOTS, "slots"))

    @property
    def shape(self) -> tuple[int, ...]:
        """(1 + 2 A,): the value of what was done, of all actions then, of all actions next."""
        return (1 + 2 * self.actions,)

    def from_actions(self, values: Floats, taken: npt.NDArray[Any]) -> Floats:
        """Utilities from the values of all actions, (T + 1, A), and those taken, (T,)."""
        if not len(taken):
            raise ValueError("a critique is about the last step of a segment, which has none")
        done = values_done(self, values[-2:], taken[-1:])
        return np.concatenate([done, values[-2], values[-1]])

    def options(self, utilities: Floats) -> list[Floats]:
        return [utilities[1 : 1 + self.actions], utilities[1 + self.actions :]]

    @cached_property
    def space(self) -> gym.spaces.MultiDiscrete:
        return gym.spaces.MultiDiscrete(list(self.sizes))

    @property
    def question(self) -> str:
        return "What would you say about the last step, and about the next?"

    @property
    def parts(self) -> tuple[str, ...]:
        return ("reward", "hindsight", "do", "avoid")

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        actions = tuple(f"action {action}" for action in range(self.actions))
        levels = tuple(f"level {level}" for level in range(self.levels))
        unsaid = ("",)
        return unsaid + levels, (*unsaid, "right", "wrong"), unsaid + actions, unsaid + actions

    def mirror(self, part: int) -> tuple[int, ...] | None:
        return (0, *range(self.levels, 0, -1)) if part == 0 else None

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        xp, size = functions(utilities), self.actions
        done, then, following = (
            utilities[..., rows] for rows in (slice(1), slice(1, 1 + size), slice(1 + size, None))
        )
        over = xp.isnan(following)
        following = xp.where(over, xp.full(following, 0.0), following)
        edges = evenly_spaced(self.levels, choice.center, choice.spread)
        chosen = choice.log_options(xp.concat([done, then]))
        right = chosen[..., :1] - xp.highest(chosen)
        tables = (
            log_levels(choice, edges, done[..., 0]),
            xp.concat([right, xp.log_rest(right)]),
            choice.log_options(following),
            choice.log_options(xp.where(following > -np.inf, -following, following)),
        )
        return self._spoken(over[..., :1], tables)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        xp = functions(utilities)
        zero = xp.full(utilities[..., :1], 0.0)
        following = utilities[..., 1 + self.actions :]
        over = xp.isnan(following)
        named = log_even(xp.where(over, xp.full(following, 0.0), following))
        levels, verdicts = (
            zero + xp.constant(np.full(n, -np.log(n)), zero) for n in (self.levels, 2)
        )
        return self._spoken(over[..., :1], (levels, verdicts, named, named))

    def log_prob(
        self,
        answers: Any,
        utilities: Any,
        choice: Any,
        lapse: float = 0.0,
        reticence: float = 0.0,
    ) -> Any:
        """As `Ask.log_prob`; each part is left unsaid with probability `reticence` in addition."""
        xp, codes = functions(utilities), self.codes(answers)
        meant, random = self.log_odds(utilities, choice), self.log_random(utilities)
        total = 0.0
        for part, tables in enumerate(zip(meant, random, strict=True)):
            m, r = (xp.pick(table, codes[..., part]) for table in tables)
            silent = xp.where(codes[..., part] == 0, xp.full(m, 0.0), xp.full(m, -np.inf))
            total = total + with_lapse(with_lapse(m, lapse, r), reticence, silent)
        return total

    def _spoken(self, over: Any, tables: Sequence[Any]) -> tuple[Any, ...]:
        """With a first cell for "unsaid" in each part; at an episode's end nothing comes next."""
        reward, hindsight, do, avoid = tables
        xp = functions(do)
        return (
            self._said(reward, "r"),
            self._said(hindsight, "hp", "hn"),
            xp.where(over, _unsaid(do), self._said(do, "fp")),
            xp.where(over, _unsaid(avoid), self._said(avoid, "fn")),
        )

    def _said(self, log_odds: Any, *slots: str) -> Any:
        """Log-odds with what `slots` (one for all cells, or one each) may not say left unsaid."""
        asked = [slot in self.slots for slot in slots]
        if not any(asked):
            return _unsaid(log_odds)
        xp = functions(log_odds)
        never = xp.full(log_odds[..., :1], -np.inf)
        if all(asked):
            return xp.concat([never, log_odds])
        right, wrong = log_odds[..., :1], log_odds[..., 1:]
        return xp.concat([wrong, right, never] if asked[0] else [right, never, wrong])

    def say(
        self,
        answer: Sequence[int],
        wordings: Sequence[int] = (0, 0, 0, 0),
        actions: Sequence[str] = (),
    ) -> str:
        """An answer in words; "" where nothing is said.

        Args:
            answer: a cell for each part.
            wordings: which of its `PHRASES` each part takes.
            actions: what the actions are called, if not "action 0" and so on.
        """
        reward, hindsight, *_ = self.names
        called = ("", *actions) if actions else self.names[2]
        phrases = (same[i] for same, i in zip(PHRASES, wordings, strict=True))
        spoken = zip(phrases, (reward, hindsight, called, called), answer, strict=True)
        return " ".join(phrase.format(names[cell]) for phrase, names, cell in spoken if cell)


def _unsaid(log_odds: Any) -> Any:
    xp = functions(log_odds)
    first = log_odds[..., :1]
    return xp.concat([xp.full(first, 0.0), xp.full(log_odds, -np.inf)])
