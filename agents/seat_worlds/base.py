"""A world of several seats as a team plays it: N rows, and of each thing one array per seat.

A seat that is not on turn, or has left the episode, waits; what it is given to play is not read.

Source: own design.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Scene(NamedTuple):
    """What seats see before a step.

    Attributes:
        obs: by seat, a batch of N observations.
        legal: by seat, (N, choices) True where an action is legal, or None where all are.
        turn: (N, seats) True where a seat must act.
    """

    obs: list[Any]
    legal: list[Bools | None]
    turn: Bools


class Played(NamedTuple):
    """What a step gave; rows whose episode it ended have begun anew.

    Attributes:
        rewards: (N, seats), reward units, as paid.
        truth: (N, seats), the true rewards, for logs only; not to be read where it is hidden.
        ends: (N, seats) True where a seat's part in the episode is over.
        cut: (N, seats) True where a time limit ended it.
        over: (N,) True where the episode is over for all.
        final: by seat, a batch of N observations of what the step led to; None where nothing was
            cut.
    """

    rewards: Floats
    truth: Floats
    ends: Bools
    cut: Bools
    over: Bools
    final: list[Any] | None


class SeatWorld(ABC):
    """N rows of a world of several seats.

    Attributes:
        num_envs: N.
        seats: their names, in the order of all lists.
        observation_spaces, action_spaces: by seat, of one row.
        hidden: whether a wrapper hides the truth.
    """

    num_envs: int
    seats: tuple[str, ...]
    observation_spaces: list[gym.Space[Any]]
    action_spaces: list[gym.Space[Any]]
    hidden: bool = False

    @abstractmethod
    def reset(self, seed: int) -> Scene:
        """Begin an episode in every row; row i draws from the seed + i."""

    @abstractmethod
    def step(self, actions: Sequence[Array]) -> tuple[Played, Scene]:
        """Play what each seat does, (N, ...) each; what came of it, and what is seen now."""

    @abstractmethod
    def get_state(self) -> State:
        """Everything the next step depends on: a fresh copy; TypeError where it can't be had."""

    @abstractmethod
    def set_state(self, state: State) -> None:
        """Go back to such a state."""

    @abstractmethod
    def described(self) -> list[str]:
        """What a saved state fits: wrappers, the world and its settings."""
