"""Questions answered by actions: what to do now, what should have been done, and by showing it.

An action that is illegal has the value -inf and is never named, not even by mistake.
"""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, ClassVar, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.asks.base import (
    MAX_CELLS,
    Answer,
    Ask,
    Grain,
    log_even,
    values_done,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Advise(Ask):
    """What should be done next, after the end of this segment? Answers: an action.

    P(action) is that of choosing it among all legal ones by their values.

    Source: arXiv:2010.02610 (action advice).

    Args:
        actions: A, actions 0 .. A - 1.
        legal: those that are legal now, at least one; None: all.
    """

    actions: int
    legal: tuple[int, ...] | None = None
    kind: Literal["advise"] = "advise"
    grain: ClassVar[Grain] = "action"

    def __post_init__(self) -> None:
        limits.keep_integers(self, actions=(2, inf))
        if self.legal is not None:
            legal = limits.check_numbers("legal", self.legal, 0, self.actions - 1, integer=True)
            limits.keep(self, legal=legal)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.actions,)

    @cached_property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(self.actions)

    @property
    def question(self) -> str:
        return "What should be done next?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return (tuple(f"action {a}" for a in range(self.actions)),)

    def from_actions(self, values: Floats, taken: npt.NDArray[Any]) -> Floats:
        """Utilities from the values of all actions, (T + 1, A), and those taken, (T,)."""
        if np.isnan(values[-1]).any():
            raise ValueError(f"{self}: the episode is over, there is nothing to advise")
        return np.asarray(values[-1] + self.alike(0))

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        return (choice.log_options(utilities),)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        return (log_even(utilities),)

    def alike(self, steps: int) -> Floats:
        if self.legal is None:
            return np.zeros(self.shape)
        return np.where(np.isin(np.arange(self.actions), self.legal), 0.0, -np.inf)

    def check(self, answer: Any) -> Answer:
        action = super().check(answer)
        if self.legal is not None and action not in self.legal:
            raise ValueError(f"action {action} is not legal now; expected one of {self.legal}")
        return action


@dataclass(frozen=True)
class Correct(Ask):
    """At which step should something else have been done, and what? Answers: (step, action).

    One chooses among all pairs by what each would have gained, its action's value less that of the
    action taken; naming what was done says that nothing needs correcting. Steps that a shorter
    segment lacks are never named.

    Source: arXiv:2406.06495 (corrections as reward-rational choices: arXiv:2002.04833).

    Args:
        actions: A, actions 0 .. A - 1.
        steps: T, of the longest segment.
    """

    actions: int
    steps: int
    kind: Literal["correct"] = "correct"
    grain: ClassVar[Grain] = "action"

    def __post_init__(self) -> None:
        limits.keep_integers(self, actions=(2, inf), steps=(1, inf))

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.steps, self.actions)

    @cached_property
    def space(self) -> gym.spaces.MultiDiscrete:
        return gym.spaces.MultiDiscrete([self.steps, self.actions])

    @property
    def question(self) -> str:
        return "Which step would you change, and to what?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        pairs = [
            f"at step {step}, action {action}"
            for step in range(self.steps)
            for action in range(self.actions)
        ]
        return (tuple(pairs),)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return (self.steps * self.actions,)

    def codes(self, answers: Any) -> Any:
        return answers[..., :1] * self.actions + answers[..., 1:]

    def answer(self, cells: tuple[int, ...]) -> Answer:
        return divmod(cells[0], self.actions)

    def from_actions(self, values: Floats, taken: npt.NDArray[Any]) -> Floats:
        """Utilities from the values of all actions, (T + 1, A), and those taken, (T,)."""
        if len(taken) > self.steps:
            raise ValueError(f"{self} can't correct a segment of {len(taken)} steps")
        gains = np.full(self.shape, -np.inf)
        gains[: len(taken)] = values[:-1] - values_done(self, values, taken)[:, None]
        return gains

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        return (choice.log_options(self._flat(utilities)),)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        return (log_even(self._flat(utilities)),)

    def alike(self, steps: int) -> Floats:
        return np.where(np.arange(self.steps) < steps, 0.0, -np.inf)[:, None] + np.zeros(self.shape)

    def _flat(self, utilities: Any) -> Any:
        return utilities.reshape(*utilities.shape[:-2], -1)


@dataclass(frozen=True)
class Demonstrate(Ask):
    """Show how to go on for a few steps. Answers: the actions, in their order.

    One chooses among all sequences of actions by the return each would reach: the likelihood of a
    maximum-entropy demonstrator. Longer demonstrations are given action by action, see `Advise`.

    Source: Ziebart et al. 2008, AAAI (maximum entropy); arXiv:2002.04833.

    Args:
        actions: A, actions 0 .. A - 1.
        steps: h; at most 5040 sequences A ** h.
    """

    actions: int
    steps: int
    kind: Literal["demonstrate"] = "demonstrate"
    grain: ClassVar[Grain] = "path"

    def __post_init__(self) -> None:
        limits.keep_integers(self, actions=(2, inf), steps=(1, inf))
        if self.actions**self.steps > MAX_CELLS:
            raise ValueError(
                f"{self.actions} actions make {self.actions**self.steps} demonstrations of "
                f"{self.steps} steps, at most {MAX_CELLS} are compared; ask for fewer steps, or "
                "action by action with Advise"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.actions**self.steps,)

    @cached_property
    def space(self) -> gym.spaces.MultiDiscrete:
        return gym.spaces.MultiDiscrete([self.actions] * self.steps)

    @property
    def question(self) -> str:
        return f"How would you go on for {self.steps} steps?"

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        cells = range(self.actions**self.steps)
        return (tuple(" ".join(map(str, self._path(cell))) for cell in cells),)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return self.shape

    def codes(self, answers: Any) -> Any:
        code = answers[..., :1]
        for step in range(1, self.steps):
            code = code * self.actions + answers[..., step : step + 1]
        return code

    def answer(self, cells: tuple[int, ...]) -> Answer:
        return self._path(cells[0])

    def log_odds(self, utilities: Any, choice: Any) -> tuple[Any, ...]:
        return (choice.log_options(utilities),)

    def log_random(self, utilities: Any) -> tuple[Any, ...]:
        return (log_even(utilities),)

    def _path(self, cell: int) -> tuple[int, ...]:
        powers = [self.actions**step for step in reversed(range(self.steps))]
        return tuple(cell // power % self.actions for power in powers)
