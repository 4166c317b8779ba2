"""PettingZoo's parallel environments side by side, ours and others'."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.agents.seat_worlds.base import Array, Bools, Played, Scene, SeatWorld
from plaudit.envs.seats.parallel import ParallelForm
from plaudit.envs.seats.table import MASK
from plaudit.envs.types import State

OBSERVATION = "observation"  # beside the mask, in PettingZoo's observations


class ParallelRows(SeatWorld):
    """PettingZoo parallel environments side by side, stepped one by one.

    Masks are read from observations ({"observation", "action_mask"}) or infos. In our own games of
    turns the action that only waits is played for seats that wait, and nobody else can choose it.

    Args:
        envs: one per row, alike.

    Raises:
        ValueError: their agents or spaces differ.
    """

    def __init__(self, envs: Sequence[Any]) -> None:
        first, self.envs = envs[0], list(envs)
        self.num_envs, self.seats = len(envs), tuple(first.possible_agents)
        told = [_spaces(env) for env in envs]
        for row, its in enumerate(told):
            if its != told[0]:
                raise ValueError(f"row {row} has the spaces {its}, row 0 has {told[0]}")
        ours = isinstance(first.unwrapped, ParallelForm)
        self._waits = ours and not first.unwrapped.metadata["is_parallelizable"]
        self.observation_spaces = [_bare(obs) for obs, _ in told[0].values()]
        self.action_spaces = [actions for _, actions in told[0].values()]
        if self._waits:  # the last action is the one that waits
            sizes = [int(space.n) - 1 for space in self.action_spaces]  # type: ignore[attr-defined]
            self.action_spaces = [gym.spaces.Discrete(size) for size in sizes]
        # What a seat that is not there sees must be of its space, since networks read all rows.
        self._obs = [[_anything(space)] * self.num_envs for space in self.observation_spaces]
        self._legal: list[list[Bools | None]] = [[None] * self.num_envs for _ in self.seats]
        self._turn = np.zeros((self.num_envs, len(self.seats)), np.bool_)

    def reset(self, seed: int) -> Scene:
        for row in range(self.num_envs):
            self._begin(row, seed + row)
        return self._scene()

    def step(self, actions: Sequence[Array]) -> tuple[Played, Scene]:
        shape = self._turn.shape
        rewards, truth = np.zeros(shape), np.zeros(shape)
        terminated, truncated = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        for row, env in enumerate(self.envs):
            _, paid, ended, cut, infos = told = env.step(self._joint(row, actions))
            for place, seat in enumerate(self.seats):
                rewards[row, place] = paid.get(seat, 0.0)
                truth[row, place] = infos.get(seat, {}).get("true_reward", paid.get(seat, 0.0))
                terminated[row, place] = ended.get(seat, False)
                truncated[row, place] = cut.get(seat, False)
            self._note(row, told[0], infos)
        here = [[seat in env.agents for seat in self.seats] for env in self.envs]
        over: Bools = (terminated | truncated | ~np.array(here)).all(1)
        cut = truncated & ~terminated
        final = [list(batch) for batch in self._obs] if cut.any() else None
        for row in np.flatnonzero(over).tolist():
            self._begin(row, None)
        ends = terminated | truncated | over[:, None]
        return Played(rewards, truth, ends, cut, over, final), self._scene()

    def get_state(self) -> State:
        for env in self.envs:
            if not hasattr(env, "get_state"):
                raise TypeError(f"{env} cannot be saved: it has no get_state")
        return {
            "envs": [env.get_state() for env in self.envs],
            "obs": copy.deepcopy(self._obs),
            "legal": copy.deepcopy(self._legal),
            "turn": self._turn.copy(),
        }

    def set_state(self, state: State) -> None:
        for env, saved in zip(self.envs, state["envs"], strict=True):
            env.set_state(saved)
        self._obs, self._legal = copy.deepcopy(state["obs"]), copy.deepcopy(state["legal"])
        self._turn = state["turn"].copy()

    def described(self) -> list[str]:
        spaces = [str(space) for pair in _spaces(self.envs[0]).values() for space in pair]
        return [str(self.envs[0]), *self.seats, *spaces]

    def _begin(self, row: int, seed: int | None) -> None:
        self._note(row, *self.envs[row].reset(seed=seed))

    def _note(self, row: int, obs: dict[str, Any], infos: dict[str, Any]) -> None:
        """Keep what a row shows; of seats that it shows nothing, what they saw last."""
        for place, seat in enumerate(self.seats):
            there = self._turn[row, place] = seat in self.envs[row].agents
            if seat not in obs:
                continue
            seen = obs[seat]
            mask = infos.get(seat, {}).get(MASK)
            if isinstance(seen, dict) and set(seen) == {OBSERVATION, MASK}:
                seen, mask = seen[OBSERVATION], seen[MASK]
            legal = None if mask is None else np.asarray(mask) != 0
            if self._waits and legal is not None:
                self._turn[row, place] = there and not legal[-1]
                legal = legal[:-1]
            self._obs[place][row], self._legal[place][row] = seen, legal

    def _joint(self, row: int, actions: Sequence[Array]) -> dict[str, Any]:
        """A row's actions by the names of the agents that are there."""
        joint = {}
        for place, seat in enumerate(self.seats):
            if seat in self.envs[row].agents:
                waits = self._waits and not self._turn[row, place]
                joint[seat] = int(self.action_spaces[place].n) if waits else actions[place][row]  # type: ignore[attr-defined]
        return joint

    def _scene(self) -> Scene:
        return Scene(
            [_batch(rows) for rows in self._obs],
            [_masks(rows) for rows in self._legal],
            self._turn.copy(),
        )


def _spaces(env: Any) -> dict[str, tuple[gym.Space[Any], gym.Space[Any]]]:
    """Of observations and of actions, by agent."""
    return {a: (env.observation_space(a), env.action_space(a)) for a in env.possible_agents}


def _bare(space: gym.Space[Any]) -> gym.Space[Any]:
    """The space of observations without the mask beside them."""
    if isinstance(space, gym.spaces.Dict) and set(space) == {OBSERVATION, MASK}:
        bare: gym.Space[Any] = space[OBSERVATION]
        return bare
    return space


def _anything(space: gym.Space[Any]) -> Any:
    """A member of a space, always the same."""
    own = copy.deepcopy(space)
    own.seed(0)
    return own.sample()


def _batch(rows: list[Any]) -> Any:
    """Observations as policies read them; of Dict and Tuple spaces a list."""
    return list(rows) if isinstance(rows[0], dict | tuple) else np.stack(rows)


def _masks(rows: list[Bools | None]) -> Bools | None:
    """(N, choices), or None where no row says anything."""
    told = next((mask for mask in rows if mask is not None), None)
    if told is None:
        return None
    return np.stack([np.ones_like(told) if mask is None else mask for mask in rows])
