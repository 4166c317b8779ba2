"""A finite Markov decision process as a world: an entry of the gallery, or your own tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.envs.finite import FiniteMDP, Solution, solve
from plaudit.envs.finite.beliefs import BeliefSolution, TooManyBeliefs, solve_beliefs
from plaudit.envs.finite.sampling import pick, thresholds
from plaudit.envs.game import WORLD, Arrays, Bools, Floats, Game, Illegal, Speaks, Step, Unparsable
from plaudit.envs.tabular import gallery
from plaudit.envs.tabular.gallery.instance import Instance
from plaudit.envs.tabular.tables import FLAGS, TABLES, nested, own_process
from plaudit.envs.types import Oracle, State

DEFAULT = "combination_lock"
ROUNDING = 1e-9  # by which a sum of rewards may fall short of a success
LISTED = 1000  # characters of a list of actions before it is cut short

Table = Any
"""Nested lists or an array; kept as nested tuples."""


@dataclass(frozen=True)
class Tabular(Game, Speaks):
    """Play a finite Markov decision process whose optimum is known.

    Without arguments it is the gallery's combination lock. `instance` names another entry (see
    `plaudit.envs.tabular.gallery`); a process of your own is given by its tables. With
    `observations` the state is hidden and only what it emits on arrival is seen.

    Observation: MultiDiscrete([O, horizon + 1]); the state, or what is observed of it, and the
        steps to go, on which the best action may depend.
    Action: Discrete(A), masked where `legal_actions` forbids some.
    Reward: that of the tables, in their unit; an illegal action costs `illegal_penalty`. The
        gallery's returns lie between -10 and 10, but for the ladder (-150..36); the combination
        lock pays 1 for opening.
    Ends: terminated in a terminal state or after `horizon` steps.
    Info: reward_components {"task": reward, "illegal"}, success (return at least `success_at`;
        never where that is None), outcome, and where the tables have them: features (d,) of the
        pair played last, cost of that pair (no part of the reward; an illegal action leaves it
        standing), total_cost of the episode so far, action_mask.
    Ceiling: exact; for a hidden state that of the best policy which sees observations, or, where
        its beliefs are too many, the bound of one that sees the state.

    Args:
        instance: name in the gallery; None: your own tables, or the combination lock.
        transitions: (S, A, S) probabilities of the next state.
        rewards: (S, A), or (S, A, S) by next state.
        start: (S,) probabilities of the first state.
        horizon: steps of the longest episode, at least 1; for an instance its own.
        observations: (S, O) probabilities of what is observed on arrival.
        features: (S, A, d) what a linear reward model would see.
        costs: (S, A), e.g. for learning under constraints.
        legal_actions: (S, A) true or false.
        terminal: (S,) true or false.
        success_at: return from which an episode is a success; None: as the gallery's entry says.
        illegal_penalty: taken off the reward for an illegal action or unreadable text, >= 0.
        illegal_retries: how many are forgiven before the episode is aborted, >= 0.

    Raises:
        KeyError: the gallery has no such instance.
        ValueError: another setting is wrong, tables are missing, or an instance is given beside.

    Source: own design; the model is that of Puterman 1994, doi:10.1002/9780470316887.
    """

    instance: str | None = None
    transitions: Table = None
    rewards: Table = None
    start: Table = None
    horizon: int = None  # type: ignore[assignment]  # the instance's, filled in below
    observations: Table = None
    features: Table = None
    costs: Table = None
    legal_actions: Table = None
    terminal: Table = None
    success_at: float | None = None
    illegal_penalty: float = 0.1
    illegal_retries: int = 2
    mdp: FiniteMDP = field(init=False, repr=False, compare=False)
    actions: tuple[str, ...] = field(init=False, repr=False, compare=False)
    sights: tuple[str, ...] = field(init=False, repr=False, compare=False)

    components = ("task",)
    fixed = frozenset({"chance", "blur"})

    def __post_init__(self) -> None:
        limits.keep_illegal(self)
        if self.success_at is not None:
            limits.keep_numbers(self, success_at=(-inf, inf))
        if self.horizon is not None:
            limits.keep_integers(self, horizon=(1, inf, "steps"))
        tables = {name: nested(name, getattr(self, name)) for name in (*TABLES, *FLAGS)}
        given = {name: table for name, table in tables.items() if table is not None}
        actions: tuple[str, ...] = ()
        sights: tuple[str, ...] = ()
        if given:
            if self.instance is not None:
                raise ValueError(f"give an instance or tables, got both: {', '.join(given)}")
            limits.keep(self, **given)
            mdp = own_process(given | {"horizon": self.horizon})
        else:
            entry = self._entry()
            mdp, actions, sights = entry.mdp, entry.actions, entry.sights
            if self.success_at is None:
                limits.keep(self, success_at=entry.success_at)
        hidden = mdp.observations is not None
        seen = mdp.states if mdp.observations is None else mdp.observations.shape[1]
        limits.keep(
            self,
            mdp=mdp,
            horizon=mdp.horizon,
            actions=actions or tuple(f"action {a}" for a in range(mdp.actions)),
            sights=sights or tuple(f"{'sight' if hidden else 'state'} {s}" for s in range(seen)),
            illegal=Illegal(self.illegal_penalty, self.illegal_retries),
            draws={WORLD: 1 + mdp.horizon + hidden * (mdp.horizon + 1)},
            observation_space=gym.spaces.MultiDiscrete([seen, mdp.horizon + 1]),
            action_space=gym.spaces.Discrete(mdp.actions),
        )

    def begin(self, draws: Mapping[str, Floats]) -> Arrays:
        chance = draws[WORLD]
        n, horizon = len(chance), self.horizon
        state: Arrays = {
            "state": pick(self._starts, chance[:, 0]),
            "time": np.zeros(n, np.int64),
            "total": np.zeros(n),
            "total_cost": np.zeros(n),
            "chance": chance[:, 1 : 1 + horizon].copy(),
            "pair": np.full((n, 2), -1),  # state and action played last
        }
        if self._emits is not None:
            state["blur"] = chance[:, 1 + horizon :].copy()
            state["shown"] = np.full((n, horizon + 1), -1)
            state["played"] = np.full((n, horizon), -1)
            state["shown"][:, 0] = pick(self._emits[state["state"]], state["blur"][:, 0])
        return state

    def step(self, state: Arrays, actions: npt.NDArray[Any]) -> Step:
        mdp, rows = self.mdp, np.arange(len(actions))
        here, time = state["state"], state["time"]
        branch = pick(self._moves[here, actions], state["chance"][rows, time])
        reward = mdp.rewards[here, actions, branch]
        state["state"] = mdp.successor[here, actions, branch]
        state["pair"] = np.stack((here, actions), 1)
        state["total"] += reward
        if mdp.costs is not None:
            state["total_cost"] += mdp.costs[here, actions]
        state["time"] = time + 1
        if self._emits is not None:
            state["played"][rows, time] = actions
            blur = state["blur"][rows, time + 1]
            state["shown"][rows, time + 1] = pick(self._emits[state["state"]], blur)
        over = mdp.terminal[state["state"]] | (state["time"] == mdp.horizon)
        if self.success_at is None:
            return Step({"task": reward}, over, np.zeros(len(rows), np.bool_))
        return Step({"task": reward}, over, state["total"] >= self.success_at - ROUNDING)

    def observe(self, state: Arrays) -> npt.NDArray[Any]:
        return np.stack((self._seen(state), self.horizon - state["time"]), 1)

    def masks(self, state: Arrays) -> Bools | None:
        return None if self._mask is None else self._mask[state["state"]]

    def forfeit(self, state: Arrays) -> Floats:
        if self._emits is None:
            return np.maximum(-self._solution.values[state["time"], state["state"]], 0.0)
        return -min(float(self.mdp.rewards.min()), 0.0) * (self.horizon - state["time"])

    def details(self, state: Arrays) -> dict[str, Any]:
        if self._emits is not None:
            return {}  # what depends on the hidden state would tell it
        info = {}
        here, action = state["pair"].T
        played = here >= 0
        if self.mdp.features is not None:
            info["features"] = self.mdp.features[here, action] * played[:, None]
        if self.mdp.costs is not None:
            info["cost"] = self.mdp.costs[here, action] * played
            info["total_cost"] = state["total_cost"].copy()
        return info

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The optimum; for beta > 0 against the policy that draws legal actions evenly."""
        if self._hidden is not None:
            if beta != 0:
                raise ValueError(f"beta must be 0 where the state is hidden, got {beta}")
            return _oracle("exact", self._hidden.value, self._hidden_q)
        solution = self._solution if beta == 0 else solve(self.mdp, beta)

        def q(state: State) -> Floats:
            game = state["game"]
            values: Floats = solution.q[int(game["time"][0]), int(game["state"][0])].copy()
            return values

        kind = "exact" if self._emits is None else "bound"
        return _oracle(kind, solution.value, q)

    def render(self, state: Arrays, row: int) -> str:
        place = self.sights[self._seen(state)[row]]
        return f"step {state['time'][row]}/{self.horizon}: {place}, return {state['total'][row]:g}"

    def says(self, state: Arrays, row: int) -> str:
        left = self.horizon - int(state["time"][row])
        legal = (
            np.ones(len(self.actions)) if self._mask is None else self._mask[state["state"][row]]
        )
        choices = self._listed(np.flatnonzero(legal).tolist())
        return f"{self.sights[self._seen(state)[row]]}. Steps to go: {left}. Choose {choices}."

    def words(self, action: Any, state: Arrays, row: int) -> str:
        return self.actions[int(action)]

    def parse(self, text: str, state: Arrays, row: int) -> int:
        said = " ".join(text.split())
        # Of other scripts the case stays: some of their letters would become Latin ones.
        action = self._spelled.get(said.lower() if said.isascii() else said)
        if action is None:
            raise Unparsable(f"expected {self._listed(range(len(self.actions)))}")
        return action

    def _entry(self) -> Instance:
        """The gallery's entry that the settings name."""
        name = DEFAULT if self.instance is None else self.instance
        if not isinstance(name, str):
            raise ValueError(f"instance must be a name of the gallery, got {name!r}")
        entry = gallery.instance(name)
        if self.horizon not in (None, entry.mdp.horizon):
            raise ValueError(
                f"horizon of {entry.name} is {entry.mdp.horizon}, got {self.horizon}; "
                "give your own tables for another"
            )
        return entry

    @cached_property
    def _starts(self) -> Floats:
        return thresholds(self.mdp.start[None])

    @cached_property
    def _moves(self) -> Floats:
        return thresholds(self.mdp.chances)

    @cached_property
    def _emits(self) -> Floats | None:
        shown = self.mdp.observations
        return None if shown is None else thresholds(shown)

    @cached_property
    def _mask(self) -> Bools | None:
        """(S, A), or None where all is legal; in a terminal state nothing is forbidden."""
        mask: Bools = self.mdp.legal | self.mdp.terminal[:, None]
        return None if mask.all() else mask

    @cached_property
    def _spelled(self) -> dict[str, int]:
        return {name.lower(): action for action, name in enumerate(self.actions)}

    @cached_property
    def _solution(self) -> Solution:
        return solve(self.mdp)

    @cached_property
    def _hidden(self) -> BeliefSolution | None:
        """The optimum over beliefs, or None: nothing is hidden, or it cannot be solved."""
        if self._emits is None:
            return None
        try:
            return solve_beliefs(self.mdp)
        except TooManyBeliefs:
            return None

    def _hidden_q(self, state: State) -> Floats:
        if self._hidden is None:
            raise ValueError("nothing is hidden")
        game, time = state["game"], int(state["game"]["time"][0])
        shown, played = game["shown"][0, : time + 1], game["played"][0, :time]
        return self._hidden.q(shown.tolist(), played.tolist()).copy()

    def _seen(self, state: Arrays) -> npt.NDArray[Any]:
        """(N,) the state, or the last observation of it."""
        if self._emits is None:
            return state["state"]
        return state["shown"][np.arange(len(state["time"])), state["time"]]

    def _listed(self, actions: Any) -> str:
        names = [repr(self.actions[a]) for a in actions]
        text = "one of " + ", ".join(names)
        return text if len(text) <= LISTED else f"one of {len(names)}: {names[0]} to {names[-1]}"


def _oracle(kind: Any, value: float, q: Any) -> Oracle:
    return Oracle(kind, value, lambda state: int(q(state).argmax()), q)
