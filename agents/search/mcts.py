r"""Monte Carlo tree search in worlds that can be saved and restored.

    UCT   mean(a) + c sqrt(log N / n(a))                 what was never tried comes first
    PUCT  mean(a) + c p(a) sqrt(N) / (1 + n(a))          with a prior p

N and n count visits of the node and of its action; means of returns are scaled to 0..1 by the least
and the greatest of the tree, so that c has no unit. Played is the action tried most often.

Source: Kocsis & Szepesvari 2006, doi:10.1007/11871842_29 (UCT); arXiv:1712.01815 (PUCT);
    arXiv:1911.08265 (the scale of means).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.agents.search.tree import Node, Tree
from plaudit.envs.game import WORLD
from plaudit.envs.types import State, stream
from plaudit.feedback.wrappers.base import AnyEnv, find, inner_state, layers, set_inner_state

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Prior = Callable[[Any, Bools], Floats]
"""(observations (N, ...), masks (N, A)) -> (N, A) probabilities, e.g. `VectorPolicy.probs`."""
Value = Callable[[Any], Any]
"""Observations (N, ...) -> (N,) returns to come, e.g. `VectorPolicy.values`."""


@dataclass(frozen=True)
class Searched:
    """What a search found.

    Attributes:
        action: the one to play.
        visits: (A,) how often each action was tried.
        values: (A,) mean return after each, reward units; NaN where never tried.
        value: mean return of all simulations, reward units.
    """

    action: int
    visits: Ints
    values: Floats
    value: float


class MCTS:
    """Plays by looking ahead in the world itself.

    The search begins at the present state and puts it back exactly; what is wrapped around the
    layer that saves states is neither played nor changed. It is a privileged player: a saved state
    holds what the world hides, and the numbers that chance will draw in this very episode, so that
    in a world of chance it plans with hindsight. `redraw` names the arrays in which a world of
    plaudit keeps these numbers ("chance" in Tabular); they are drawn anew for each simulation, and
    the tree branches by what was seen.

    Args:
        env: a single form with Discrete actions and `get_state`, e.g. by `gym.make`; wrapped in
            HideReward only if that declares `privileged_simulator`.
        simulations: per search, at least 1.
        exploration: c, >= 0.
        prior: probabilities of actions; UCT without.
        value: of what is seen where a simulation leaves the tree; None: it is played to its end
            by random legal actions.
        depth: longest simulation, steps; beyond it only `value` counts. None: to the end.
        discount: factor per step, in (0, 1].
        redraw: names of the game's arrays that are drawn anew.
        seed: of random play and of what is redrawn.

    Raises:
        TypeError: the actions are not Discrete, states cannot be saved, or there is no such array.
        ValueError: a setting is out of its range.
        PermissionError: on search, where HideReward does not allow it.

    Source: doi:10.1007/11871842_29; arXiv:1712.01815.
    Differs: no noise at the root: it plays to win and not to explore.
    """

    def __init__(
        self,
        env: AnyEnv,
        *,
        simulations: int = 200,
        exploration: float = 1.25,
        prior: Prior | None = None,
        value: Value | None = None,
        depth: int | None = None,
        discount: float = 1.0,
        redraw: Sequence[str] = (),
        seed: int = 0,
    ) -> None:
        if not isinstance(env.action_space, gym.spaces.Discrete) or hasattr(env, "num_envs"):
            raise TypeError(
                f"expected a single form with Discrete actions, got {env} with {env.action_space}"
            )
        for name, number in (("simulations", simulations), ("depth", depth)):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be at least 1, got {number}")
        if not (isfinite(exploration) and exploration >= 0):
            raise ValueError(f"exploration must be finite and >= 0, got {exploration}")
        if not 0 < discount <= 1:
            raise ValueError(f"discount must be above 0 and at most 1, got {discount}")
        self._world: Any = _saving_layer(env)
        self._first, self._size = int(env.action_space.start), int(env.action_space.n)
        self._simulations, self._exploration = simulations, exploration
        self._prior, self._value = prior, value
        self._depth, self._discount = inf if depth is None else depth, discount
        self._redraw = tuple(redraw)
        self._rng = stream(seed, "search")

    def search(self, obs: Any = None) -> Searched:
        """Look ahead from the world's present state, and leave it as it was.

        Args:
            obs: what the player sees now; needed with a prior.

        Raises:
            ValueError: there is a prior and no observation, the episode is over, nothing is legal
                or a reward or value is not finite.
            PermissionError: a HideReward does not allow it.
        """
        if self._prior is not None and obs is None:
            raise ValueError("a prior needs to know what the player sees: search(obs)")
        root = inner_state(self._world)
        if root.get("over"):
            raise ValueError("the episode is over: there is nothing left to choose")
        tree = Tree(self._exploration, self._node(obs))
        try:
            for _ in range(self._simulations):
                set_inner_state(self._world, self._redrawn(root))
                self._simulate(tree)
        finally:
            set_inner_state(self._world, root)
        top = tree.root
        return Searched(self._first + top.best(), top.visits.copy(), top.means(), top.mean)

    def predict(
        self,
        obs: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        states: Sequence[State] | None = None,
    ) -> tuple[Any, None]:
        """Actions as Stable-Baselines3's `predict`; `plaudit.evaluate` tells it the states.

        Args:
            obs: what is seen, in one world or in N.
            state: ignored; there is no memory.
            episode_start: ignored.
            deterministic: ignored: what it plays is the action tried most often.
            states: of N worlds like its own, whose rows may be over; None: the own world's present
                state.

        Returns:
            An action, or with `states` actions (N,); and no state.
        """
        if states is None:
            return self.search(obs).action, None
        chosen = np.full(len(states), self._first)
        before = inner_state(self._world)
        try:
            for row, saved in enumerate(states):
                if not saved.get("over"):
                    set_inner_state(self._world, saved)
                    chosen[row] = self.search(obs[row]).action
        finally:
            set_inner_state(self._world, before)
        return chosen, None

    def _simulate(self, tree: Tree) -> None:
        """Play once through the tree and on; count what it earned."""
        node, over, obs = tree.root, False, None
        path: list[tuple[Node, int]] = []
        rewards: list[float] = []
        while len(rewards) < self._depth:
            choice = tree.choose(node)
            obs, reward, over = self._step(choice)
            path.append((node, choice))
            rewards.append(reward)
            key = (choice, np.asarray(obs).tobytes() if self._redraw else b"")
            if over:
                break
            if key not in node.children:
                node.children[key] = self._node(obs)
                break
            node = node.children[key]
        tail = 0.0 if over else self._beyond(obs, len(rewards))
        tree.count(path, rewards, tail, self._discount)

    def _beyond(self, obs: Any, steps: int) -> float:
        """The return to come where a simulation leaves the tree."""
        if self._value is not None:
            return _finite("value", float(np.ravel(self._value(np.asarray(obs)[None]))[0]))
        total, factor, over = 0.0, 1.0, False
        while not over and steps < self._depth:
            _, reward, over = self._step(int(self._rng.choice(np.flatnonzero(self._legal()))))
            total += factor * reward
            factor, steps = factor * self._discount, steps + 1
        return total

    def _node(self, obs: Any) -> Node:
        legal = self._legal()
        if not legal.any():
            raise ValueError("no action is legal, but the episode goes on")
        if self._prior is None:
            return Node(np.flatnonzero(legal), self._size, None)
        odds = np.asarray(self._prior(np.asarray(obs)[None], legal[None]), np.float64)[0]
        return Node(np.flatnonzero(legal), self._size, odds)

    def _step(self, choice: int) -> tuple[Any, float, bool]:
        obs, reward, terminated, truncated, _ = self._world.step(self._first + choice)
        return obs, _finite("reward", float(reward)), bool(terminated or truncated)

    def _legal(self) -> Bools:
        try:
            masks: Bools = find(self._world, "action_masks")()
        except AttributeError:
            return np.ones(self._size, np.bool_)
        return masks

    def _redrawn(self, root: State) -> State:
        """The state with other numbers for chance to come, where they are named."""
        if not self._redraw:
            return root
        game = getattr(self._world.unwrapped, "game", None)
        if game is None or "game" not in root:
            raise TypeError(f"only plaudit's own worlds, unwrapped, can redraw, got {self._world}")
        widths = {WORLD: 0, **game.draws}
        fresh = game.begin({name: self._rng.random((1, width)) for name, width in widths.items()})
        if wrong := [name for name in self._redraw if name not in fresh]:
            raise TypeError(f"{game.name} has no arrays {wrong}; it has {', '.join(sorted(fresh))}")
        new = {name: fresh[name] for name in self._redraw}
        return {**root, "game": {**root["game"], **new}}


def _saving_layer(env: AnyEnv) -> AnyEnv:
    """The outermost layer that saves and restores states."""
    for layer in layers(env):
        if {"get_state", "set_state"} <= set(dir(type(layer))):
            return layer
    raise TypeError(f"{env} cannot be searched: no layer of it has get_state and set_state")


def _finite(name: str, number: float) -> float:
    if not isfinite(number):
        raise ValueError(f"a {name} in the search is {number}; expected finite numbers")
    return number
