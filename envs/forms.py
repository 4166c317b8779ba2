"""The two Gymnasium forms of every world: one episode, or N of them side by side."""

from collections.abc import Callable
from dataclasses import replace
from operator import index
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from plaudit.envs.actions import checked, checked_one
from plaudit.envs.game import UNREADABLE, Bools, Floats, Game, Speaks
from plaudit.envs.making import make_game, speaks
from plaudit.envs.rows import Rows
from plaudit.envs.text import Tokenizer
from plaudit.envs.types import Oracle, State, TokenSpec
from plaudit.envs.vector import NativeVectorEnv, Seeds, masked


class _Carrier:
    """What both forms say about their game."""

    game: Game

    @property
    def token_spec(self) -> TokenSpec:
        """What an agent must know to write tokens; AttributeError in worlds without tokens."""
        spec: TokenSpec = self.game.token_spec  # type: ignore[attr-defined]
        return spec

    @property
    def tokenizer(self) -> Tokenizer:
        """The world's own tokenizer; AttributeError in worlds without tokens."""
        tokenizer: Tokenizer = self.game.tokenizer  # type: ignore[attr-defined]
        return tokenizer

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The best that is known about the world; see `Oracle`.

        Its `act` and `q` take states of the single form, and raise ValueError where the episode is
        over.
        """
        known = self.game.oracle(beta)
        return replace(known, act=_while_running(known.act), q=_while_running(known.q))

    def _masks(self, rows: Rows) -> Bools:
        try:
            masks = self.game.masks(rows.state)
        except KeyError:
            _check_begun(rows)
            raise
        if masks is None:
            space = self.game.action_space
            if isinstance(space, gym.spaces.Box):
                raise TypeError(f"actions in {space} are not counted and have no masks")
            size = space.n if isinstance(space, gym.spaces.Discrete) else sum(space.nvec)  # type: ignore[attr-defined]
            return np.ones((rows.count, int(size)), np.bool_)
        return masks


class SingleForm(_Carrier, gym.Env[Any, Any]):
    """One episode of a game at a time.

    Args:
        game: the rules, "module:Class" or a class; `gym.make` fills it in.
        render_mode: "ansi" or None.
        **settings: of the game, and `seat` and `partners` where it has several seats.

    An action outside the action space raises ValueError and changes nothing; one that is illegal
    now follows the game's `Illegal` policy; a step after the end raises RuntimeError.
    """

    metadata = Game.metadata  # `gym.make` reads the class's before there is a game

    def __init__(self, game: str | type, render_mode: str | None = None, **settings: Any) -> None:
        self.game = make_game(game, settings)
        self.metadata = self.game.metadata
        self.render_mode = render_mode
        self.observation_space = self.game.observation_space
        self.action_space = self.game.action_space
        self._rows = Rows(self.game, 1)
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=None if seed is None else index(seed))
        if seed is not None or self._rows.generator(0) is None:
            self._rows.seed(0, self.np_random)
        self._rows.begin(np.zeros(1, np.int64))
        self._over = False
        return self.game.observe(self._rows.state)[0], self.info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise RuntimeError("the episode is over: call reset before the next step")
        if action is UNREADABLE:
            reward, over = self._rows.refuse()
        else:
            reward, over = self._rows.advance(checked_one(self.action_space, action))
        self._over = bool(over[0])
        obs = self.game.observe(self._rows.state)[0]
        return obs, float(reward[0]), self._over, False, self.info()

    def info(self) -> dict[str, Any]:
        """Info of the present state, as `reset` and `step` return it."""
        _check_begun(self._rows)
        return first_row(self._rows.details())

    def action_masks(self) -> Bools:
        """(actions,) True where an action is legal; the parts of MultiDiscrete side by side."""
        masks: Bools = self._masks(self._rows)[0]
        return masks.copy()

    def says(self) -> str:
        """What the player reads; TypeError in worlds one cannot talk to."""
        return self._speaking().says(self._rows.state, 0)

    def words(self, action: Any) -> str:
        """An action as text."""
        return self._speaking().words(action, self._rows.state, 0)

    def parse(self, text: str) -> Any:
        """The action that a text stands for; Unparsable if it stands for none."""
        return self._speaking().parse(text, self._rows.state, 0)

    def render(self) -> str:
        """The episode as text, for people."""
        _check_begun(self._rows)
        return self.game.render(self._rows.state, 0)

    def get_state(self) -> State:
        """A fresh copy of everything the next step depends on; the game's arrays under "game"."""
        return self._rows.get_state() | {"over": self._over}

    def set_state(self, state: State) -> None:
        """Go back to a state of the same world."""
        self._rows.set_state(state)
        self._over = bool(state["over"])

    def _speaking(self) -> Speaks:
        if not speaks(self.game):
            raise TypeError(f"{self} has no text form of its own")
        _check_begun(self._rows)
        return self.game  # type: ignore[return-value]


class RowsVectorEnv(NativeVectorEnv):
    """What vector forms of games share: their episodes are a `Rows`."""

    _rows: Rows

    def get_state(self) -> State:
        return super().get_state() | {"rows": self._rows.get_state()}

    def set_state(self, state: State) -> None:
        if "rows" not in state:
            raise ValueError("expected a state of a vector form, which has rows")
        self._rows.set_state(state["rows"])
        super().set_state(state)

    def _begin(self, rows: Bools, seeds: Seeds) -> None:
        self._rows.start(rows, seeds)


class VectorForm(_Carrier, RowsVectorEnv):
    """`num_envs` episodes of a game at once, row i as the single form with seed s + i.

    Args:
        num_envs: rows N, at least 1.
        game: as in `SingleForm`; `gym.make_vec` fills it in.
        autoreset_mode: as in `NativeVectorEnv`.
        render_mode: "ansi" or None.
        **settings: as in `SingleForm`.
    """

    def __init__(
        self,
        num_envs: int,
        game: str | type,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        if "max_episode_steps" in settings:
            raise TypeError("the horizon lives in the world: there is no max_episode_steps")
        self.game, self.render_mode = make_game(game, settings), render_mode
        super().__init__(
            num_envs, self.game.observation_space, self.game.action_space, autoreset_mode
        )
        self._rows = Rows(self.game, num_envs)
        self.keeps_final_state = False  # whether `final_state` is noted, for recorders; it is slow
        self.final_state: State | None = None  # as SAME_STEP found it when rows ended, if noted

    def row_state(self, row: int, state: State | None = None) -> State:
        """The state of the single form that plays one row.

        Args:
            row: in 0..N - 1.
            state: of all rows, as `get_state` gives it; None for the present one.
        """
        if not 0 <= row < self.num_envs:
            raise ValueError(f"row must be in 0..{self.num_envs - 1}, got {row}")
        state = self.get_state() if state is None else state
        over = bool(state["terminated"][row] or state["truncated"][row])
        own: State = _one_row(state["rows"], row)
        return own | {"over": over}

    def action_masks(self) -> Bools:
        """(N, actions) True where an action is legal."""
        return self._masks(self._rows).copy()

    def render(self) -> tuple[str, ...]:
        """The episodes as texts."""
        _check_begun(self._rows)
        return tuple(self.game.render(self._rows.state, row) for row in range(self.num_envs))

    def _advance(self, actions: Any, live: Bools | None) -> tuple[Floats, Bools, Bools]:
        given = checked(self.single_action_space, actions, self.num_envs, "actions")
        reward, over = self._rows.advance(given, live)
        return reward, over, np.zeros(self.num_envs, np.bool_)

    def _final(self, over: Bools) -> dict[str, Any]:
        if self.keeps_final_state:
            self.final_state = self.get_state()
        return super()._final(over)

    def _observe(self) -> Any:
        return self.game.observe(self._rows.state)

    def _info(self, rows: Bools) -> dict[str, Any]:
        return masked(self._rows.details(), rows)


def first_row(info: dict[str, Any]) -> dict[str, Any]:
    """The only row of info arrays, numbers and strings as Python's own."""
    return {
        name: first_row(value) if isinstance(value, dict) else _own(value[0])
        for name, value in info.items()
    }


def _one_row(state: Any, row: int) -> Any:
    """One row of nested arrays and lists of N, copied."""
    if isinstance(state, dict):
        return {name: _one_row(value, row) for name, value in state.items()}
    if isinstance(state, np.ndarray):
        return state[row : row + 1].copy()
    return state[row : row + 1] if isinstance(state, list) else state


def _own(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _check_begun(rows: Rows) -> None:
    if not rows.state:
        raise RuntimeError("there is no episode yet: call reset first")


def _while_running(choose: Callable[[State], Any]) -> Callable[[State], Any]:
    def chosen(state: State) -> Any:
        if state["over"]:
            raise ValueError("the episode is over: there is nothing left to choose")
        return choose(state)

    return chosen
