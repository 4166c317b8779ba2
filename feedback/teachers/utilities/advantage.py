"""PolicyAdvantage: whether an action was better than what the learner would have done anyway.

    V_pi(s) = sum_a pi(a|s) Q_pi(s, a),   Q_pi(s, a) = r(s, a) + E V_pi(s'),   A_pi = Q_pi - V_pi

by exact evaluation of the policy in the world's finite model. Such feedback runs out: once the
learner does what is best, nothing is better than its habit.

Source: MacGlashan et al. 2017, arXiv:1701.06049 (COACH).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.finite.solution import policy_values
from plaudit.envs.finite_models import FiniteModel, finite_model
from plaudit.feedback.programs import program
from plaudit.feedback.simulator import Simulator, side_by_side
from plaudit.feedback.teachers.base import Told
from plaudit.feedback.teachers.opening import true_rewards, world_states
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment


class Evaluated(NamedTuple):
    """A policy and its exact worth.

    Attributes:
        policy: (H, S, A).
        values: (H + 1, S) V_pi.
        advantages: (H, S, A) A_pi; -inf where an action is illegal.
    """

    policy: Floats
    values: Floats
    advantages: Floats


@dataclass(frozen=True)
class PolicyAdvantage(Told, Utility):
    """The exact advantage of what was done under the learner's own policy, as it is now.

    `steps` are A_pi(s_t, a_t), a segment is worth their sum, `actions` are A_pi(s_t, .). An illegal
    action is worth what it cost: r_t + V_pi(s_{t+1}) - V_pi(s_t).

    The policy is asked about every state each time, so that it may change; it is evaluated anew
    only when it has. What it would do illegally is left out and the rest scaled up.

    Source: arXiv:1701.06049, section 3.
    Differs: undiscounted, with the world's horizon.

    Args:
        world: its id; one with a finite model (grid worlds, Tabular). The segments must carry
            states of it.
        settings: of the world, JSON values.
        policy: "module:attr" of a function (N, ...) observations -> (N, A) probabilities, which
            holds until `set_policy` tells the learner's own; None: there is none before.

    Raises:
        ValueError: the world has no finite model, no policy was told, or what it gives is none;
            when first asked.
    """

    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    policy: str | None = None

    def __post_init__(self) -> None:
        if self.policy is not None:
            self.set_policy(program("policy", self.policy))
        _ = Simulator(self.world, self.settings)

    def segment(self, seen: Segment) -> float:
        return float(self.steps(seen).sum())

    def steps(self, seen: Segment) -> Floats:
        taken = np.arange(len(seen)), seen.actions
        return np.asarray(self.actions(seen)[taken])

    def actions(self, seen: Segment) -> Floats:
        states, judged = world_states(seen, "PolicyAdvantage"), self._evaluated()
        steps, places = self._model.place(side_by_side(states))
        over = np.array([bool(state["over"]) for state in states])
        last = len(judged.advantages) - 1
        tables = judged.advantages[np.minimum(steps, last), places]
        tables[over] = np.nan
        taken = np.arange(len(seen)), seen.actions
        if np.isneginf(tables[taken]).any():
            values = np.where(over, 0.0, judged.values[steps, places])
            cost = true_rewards(seen, "the cost of an illegal action") + values[1:] - values[:-1]
            tables[taken] = np.where(np.isneginf(tables[taken]), cost, tables[taken])
        return tables

    @cached_property
    def _model(self) -> FiniteModel:
        return finite_model(Simulator(self.world, self.settings).game)

    def _evaluated(self) -> Evaluated:
        """The present policy's worth; evaluated again only if it has changed."""
        policy = self._table()
        known: Evaluated | None = vars(self).get("_known")
        if known is None or not np.array_equal(known.policy, policy):
            known = vars(self)["_known"] = _evaluate(self._model, policy)
        return known

    def _table(self) -> Floats:
        """(H, S, A) what the learner would do, among the legal actions."""
        mdp, seen = self._model.mdp, self._model.observations
        shape = (*seen.shape[:2], mdp.actions)
        flat: npt.NDArray[Any] = seen.reshape(-1, *seen.shape[2:])
        probs = self.told()
        given = np.asarray(probs(flat), np.float64)
        if given.shape != (len(flat), mdp.actions) or not (given >= 0).all():
            raise ValueError(
                f"a policy must give ({len(flat)}, {mdp.actions}) probabilities for as many "
                f"observations, got {given.shape}, least {given.min():g}"
            )
        legal = mdp.legal | mdp.terminal[:, None]
        odds = given.reshape(shape) * legal
        total = odds.sum(2, keepdims=True)
        even = np.broadcast_to(mdp.uniform(), shape)
        return np.where(total > 0, odds / np.where(total > 0, total, 1.0), even)


def _evaluate(model: FiniteModel, policy: Floats) -> Evaluated:
    mdp, values = model.mdp, policy_values(model.mdp, policy)
    q = np.stack([mdp.expected + mdp.discount * mdp.ahead(after) for after in values[1:]])
    advantages = np.where(mdp.legal, q - values[:-1, :, None], -np.inf)
    return Evaluated(policy, values, advantages)
