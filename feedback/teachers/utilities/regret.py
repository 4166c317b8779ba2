"""Regret: how much was lost for good, by the exact values of the world or by learned ones.

    advantage of a step       A_t = Q*(s_t, a_t) - V*(s_t) <= 0
    realised                  R_t = r_t + V*(s_{t+1}) - V*(s_t)
    worth of a segment        sum_t gamma**t A_t,  minus its regret for gamma = 1

    sum_t R_t = -(V*(s_0) - (G + V*(s_T))),  whatever happens
    R_t = A_t where the world is deterministic; else R_t = A_t + luck, E[luck] = 0

Source: regret arXiv:2206.02231 (Knox et al. 2022); discounted advantages arXiv:2310.13639 (CPL).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.programs import label, program
from plaudit.feedback.simulator import Simulator
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import true_rewards, world_states
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment

Values = Callable[[npt.NDArray[Any]], npt.ArrayLike]
"""Learned values: (N, ...) observations -> (N, A) of actions, or (N,) of states."""


@dataclass(frozen=True)
class Regret(Utility):
    """Minus the regret of what was done, by the world's exact optimal values.

    An illegal action is worth what it cost, R_t, and stays in `actions` with what it led to, so
    that naming it remains possible; other illegal actions are worth -inf. A path is worth what it
    pays in this very episode, and V* after it.

    Source: arXiv:2206.02231, "regret"; gamma: arXiv:2310.13639, section 3.
    Differs: the values are those of the world itself, undiscounted and with its horizon; gamma only
        weighs the steps of a segment.

    Args:
        world: its id; the segments must carry states of it.
        settings: of the world, JSON values.
        gamma: weight of each later step, in (0, 1].
        realised: judge steps by R_t, luck included (regret_d of the source), in place of A_t.
    """

    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    gamma: float = 1.0
    realised: bool = False

    def __post_init__(self) -> None:
        limits.keep_positive(self, gamma=(0, 1))
        limits.keep_flags(self, "realised")
        _ = self.simulator

    @once_per_segment
    def segment(self, seen: Segment) -> float:
        return _weighted(self.steps(seen), self.gamma)

    def steps(self, seen: Segment) -> Floats:
        tables, best = self._exact(seen)
        done = tables[np.arange(len(seen)), seen.actions]
        judged = np.isfinite(done) & (not self.realised)
        if judged.all():
            return np.asarray(done - best[:-1])
        return np.where(judged, done, true_rewards(seen, "realised regret") + best[1:]) - best[:-1]

    @once_per_segment
    def actions(self, seen: Segment) -> Floats:
        tables, best = self._exact(seen)
        tables, taken = tables.copy(), (np.arange(len(seen)), seen.actions)
        illegal = np.isneginf(tables[taken])
        if illegal.any():
            tables[taken] = np.where(
                illegal, true_rewards(seen, "realised regret") + best[1:], tables[taken]
            )
        return tables

    @once_per_segment
    def paths(self, seen: Segment, steps: int) -> Floats:
        return self.simulator.path_values(world_states(seen, "Regret")[-1], steps)

    @cached_property
    def simulator(self) -> Simulator:
        """The world in which values are known."""
        return Simulator(self.world, self.settings)

    @once_per_segment
    def _exact(self, seen: Segment) -> tuple[Floats, Floats]:
        """Q* (T + 1, A) and V* (T + 1,), 0 where the episode is over."""
        tables = np.stack(
            [self.simulator.action_values(state) for state in world_states(seen, "Regret")]
        )
        over = np.isnan(tables[:, 0])
        return tables, np.where(over, 0.0, tables.max(1))


@dataclass(frozen=True)
class LearnedRegret(Utility):
    """Minus the regret of what was done, by somebody's learned values.

    Action values (N, A) judge a step by Q(s_t, a_t) - max_a Q(s_t, a); state values (N,) by
    r_t + gamma V(s_{t+1}) - V(s_t), where V is 0 after an end that the segment's states tell of.
    There are no paths, and no `actions` for state values.

    Source: arXiv:2310.13639, section 3; state values: their temporal difference,
        arXiv:1506.02438.

    Args:
        values: a function of observations (N, ...), giving (N, A) or (N,); or "module:attr".
        gamma: discount of the values, and weight of each later step, in (0, 1].
    """

    values: str | Values
    gamma: float = 1.0

    def __post_init__(self) -> None:
        limits.keep_positive(self, gamma=(0, 1))

    def segment(self, seen: Segment) -> float:
        return _weighted(self.steps(seen), self.gamma)

    def steps(self, seen: Segment) -> Floats:
        values = self._known(seen)
        if values.ndim == 2:
            tables = values[:-1]
            return np.asarray(tables[np.arange(len(seen)), seen.actions] - tables.max(1))
        following = np.where(_over(seen)[1:], 0.0, values[1:])
        return true_rewards(seen, "LearnedRegret") + self.gamma * following - values[:-1]

    def actions(self, seen: Segment) -> Floats:
        values = self._known(seen)
        if values.ndim == 1:
            raise ValueError(
                f"{label(self.values)} gives values of states; this question needs values of all "
                "actions"
            )
        return np.where(_over(seen)[:, None], np.nan, values)

    @cached_property
    def _function(self) -> Values:
        return program("value function", self.values)

    def _known(self, seen: Segment) -> Floats:
        values = np.asarray(self._function(seen.obs), np.float64)
        if values.ndim not in (1, 2) or len(values) != len(seen.obs):
            raise ValueError(
                f"{label(self.values)} must give ({len(seen.obs)}, actions) or ({len(seen.obs)},) "
                f"values, got {values.shape}"
            )
        return values


def _over(seen: Segment) -> npt.NDArray[np.bool_]:
    """(T + 1,) where the episode is known to be over."""
    if seen.states is None:
        return np.zeros(len(seen) + 1, np.bool_)
    return np.array([bool(state["over"]) for state in seen.states])


def _weighted(steps: Floats, gamma: float) -> float:
    return float(gamma ** np.arange(len(steps)) @ steps)
