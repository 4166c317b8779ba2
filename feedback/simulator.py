"""A teacher's private copy of a world: exact values of saved states, and what would happen next.

Everything starts from a state as `Segment.states` holds it. Such a state carries the world's random
streams, so the same actions always lead to the same future: the one that this episode would have.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.forms import SingleForm
from plaudit.envs.game import Arrays, Bools, Floats, Game, put, take
from plaudit.envs.names import nearest
from plaudit.envs.types import Oracle, State

MAX_PATHS = 5040  # sequences of actions played at once


class Moment(NamedTuple):
    """Where somebody chooses an action.

    Attributes:
        obs: what the player sees.
        mask: (A,) True where an action is legal, or None where actions are not counted.
        state: the world's.
    """

    obs: npt.NDArray[Any]
    mask: Bools | None
    state: State


Chooser = Callable[[Moment], Any]
"""Who plays on: a moment -> an action."""


class Continuation(NamedTuple):
    """What happens after a state, in n steps.

    Attributes:
        obs: (n, ...) observations after each of them.
        actions: (n, ...).
        rewards: (n,) true rewards.
        states: n states of the world.
        over: whether the episode has ended by then.
    """

    obs: npt.NDArray[Any]
    actions: npt.NDArray[Any]
    rewards: Floats
    states: tuple[State, ...]
    over: bool


class Simulator:
    """A world of one's own, for lenses and utilities only.

    Every method begins from the state it is given, so calls do not depend on each other, and
    simulators of one world under equal settings share it. Not to be shared by threads.

    Source: own design.

    Args:
        world: its id, e.g. "plaudit/Delivery-v0".
        settings: of `gym.make`, JSON values.

    Raises:
        TypeError: it is none of plaudit's own worlds, whose states can be played on from.
        KeyError: there is no such world; the message names the nearest one.
    """

    def __init__(self, world: str, settings: Mapping[str, Any] | None = None) -> None:
        if not isinstance(world, str):
            raise TypeError(f"world must be an id, e.g. 'plaudit/Delivery-v0', got {world!r}")
        self.world, self.settings = world, dict(settings or {})
        self._env = _form(world, json.dumps(self.settings, sort_keys=True))
        self.game: Game = self._env.game

    def action_values(self, state: State) -> Floats:
        """The true return still to come after each action and best play, (A,).

        -inf where an action is illegal; all NaN where the episode is over.

        Args:
            state: as the world's single form gives it.

        Raises:
            ValueError: it is another world's, or this world does not know its action values.
        """
        self._env.set_state(state)  # refuses what is not of this world
        return self._values(state)

    def value(self, state: State) -> float:
        """The true return still to come under best play; 0 where the episode is over.

        Args:
            state: as for `action_values`.

        Raises:
            ValueError: as `action_values`.
        """
        return 0.0 if state["over"] else float(self.action_values(state).max())

    def observation(self, state: State) -> npt.NDArray[Any]:
        """What the player sees in a state."""
        seen: npt.NDArray[Any] = self.game.observe(state["game"])[0]
        return seen

    def play(self, state: State, actions: Sequence[Any]) -> Continuation:
        """What some actions lead to; those after the episode's end are left out.

        Args:
            state: as for `action_values`.
            actions: played in turn; illegal ones follow the world's `Illegal` policy.
        """
        left = iter(actions)
        return self.follow(state, lambda moment: next(left), len(actions))

    def follow(self, state: State, choose: Chooser, steps: int | None = None) -> Continuation:
        """What somebody's play leads to.

        Args:
            state: as for `action_values`.
            choose: who plays.
            steps: at most so many; None: to the episode's end.
        """
        env, shape = self._env, self._env.action_space.shape or ()
        env.set_state(state)
        over, first = bool(state["over"]), self.observation(state)
        obs: list[npt.NDArray[Any]] = []
        states: list[State] = []
        actions, rewards = [], []
        while not over and len(states) != steps:
            here = states[-1] if states else state
            action = choose(Moment(obs[-1] if obs else first, self._mask(), here))
            seen, reward, over, _, _ = env.step(action)
            obs.append(seen)
            actions.append(action)
            rewards.append(reward)
            states.append(env.get_state())
        return Continuation(
            np.stack(obs) if obs else np.zeros((0, *first.shape), first.dtype),
            np.array(actions, env.action_space.dtype).reshape(len(actions), *shape),
            np.array(rewards, np.float64),
            tuple(states),
            over,
        )

    def best_action(self, moment: Moment) -> Any:
        """The oracle's choice."""
        return self._oracle.act(moment.state)

    def path_values(self, state: State, steps: int) -> Floats:
        """True return of every sequence of actions, and of best play after it: (A ** steps,).

        The first action varies slowest. A sequence with an illegal action is worth -inf; actions
        after the episode's end change nothing.

        Args:
            state: as for `action_values`.
            steps: actions of a sequence, >= 1; at most 5040 sequences.

        Raises:
            ValueError: as `action_values`, the episode is over, or there are too many sequences.
        """
        size = len(self.action_values(state))
        if state["over"]:
            raise ValueError("the episode is over: there is nothing left to play")
        if size**steps > MAX_PATHS:
            raise ValueError(
                f"{size} actions make {size**steps} sequences of {steps}, at most {MAX_PATHS} are "
                "played; ask for fewer steps"
            )
        rows = take(state["game"], np.zeros(size**steps, np.int64))
        returns, live = np.zeros(size**steps), np.ones(size**steps, np.bool_)
        for actions in np.indices((size,) * steps).reshape(steps, -1):
            legal = self.game.legal(rows, actions)
            if legal is not None:
                returns[live & ~legal] = -np.inf
                live &= legal
            if live.any():
                live = self._advance(rows, actions, live, returns)
        if live.any():
            returns[live] += self._best_returns(take(rows, live), state)
        return returns

    def _advance(self, rows: Arrays, actions: Any, live: Bools, returns: Floats) -> Bools:
        """Play a step in the live rows and add what it pays -> which of them go on."""
        part = take(rows, live)
        step = self.game.step(part, actions[live])
        put(rows, live, part, self.game.fixed)
        returns[live] += sum(step.components.values())
        going = live.copy()
        going[live] = ~step.over
        return going

    def _best_returns(self, rows: Arrays, state: State) -> Floats:
        """Values of running episodes (N,); those that stand alike are asked about once."""
        changing = [array for name, array in rows.items() if name not in self.game.fixed]
        known: dict[bytes, float] = {}
        values = np.zeros(len(changing[0]))
        for row in range(len(values)):
            key = b"".join(array[row].tobytes() for array in changing)
            if key not in known:
                known[key] = float(self._values({**state, "game": take(rows, [row])}).max())
            values[row] = known[key]
        return values

    @property
    def _oracle(self) -> Oracle:
        return _oracle(self._env)

    def _values(self, state: State) -> Floats:
        space = self._env.action_space
        counted = isinstance(space, gym.spaces.Discrete)
        if counted and state["over"]:
            return np.full(int(space.n), np.nan)  # type: ignore[attr-defined]
        known = self._oracle.q(state) if counted else None
        if known is None:
            raise ValueError(
                f"{self.world} does not know what its actions are worth under the settings "
                f"{self.settings}; worlds with exact action values do, e.g. grids and Tabular"
            )
        return np.asarray(known, np.float64)

    def _mask(self) -> Bools | None:
        if isinstance(self._env.action_space, gym.spaces.Box):
            return None
        return self._env.action_masks()


def side_by_side(states: Sequence[State]) -> Arrays:
    """The game's arrays of several states, one row each."""
    first: Arrays = states[0]["game"]
    return {name: np.concatenate([state["game"][name] for state in states]) for name in first}


@lru_cache(maxsize=16)
def _oracle(form: SingleForm) -> Oracle:
    return form.oracle()


@lru_cache(maxsize=16)
def _form(world: str, settings: str) -> SingleForm:
    try:
        form = gym.make(world, **json.loads(settings)).unwrapped
    except gym.error.UnregisteredEnv as error:
        ours = [name for name in gym.registry if name.startswith("plaudit/")]
        raise KeyError(f"unknown world {world!r}{nearest(world, ours)}") from error
    if not isinstance(form, SingleForm):
        raise TypeError(
            f"{world!r} is a {type(form).__name__}, none of plaudit's own worlds: its states can't "
            "be read or played on from"
        )
    return form
