"""Worlds as finite processes: every state a player may be in, and what is seen of it.

Whoever has such a model can evaluate a policy exactly instead of playing it.

Source: own design.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.finite import FiniteMDP
from plaudit.envs.game import Arrays, Game, Ints
from plaudit.envs.grid.base import GridGame
from plaudit.envs.tabular.tabular import Tabular


class FiniteModel(NamedTuple):
    """A game with S states, A actions and a horizon of H steps, all of it shown.

    Attributes:
        mdp: what follows from what.
        observations: (H, S, ...) what the player sees after t steps in s.
        place: where rows of the game stand: steps taken (N,) and state (N,).
    """

    mdp: FiniteMDP
    observations: npt.NDArray[Any]
    place: Callable[[Arrays], tuple[Ints, Ints]]


@singledispatch
def finite_model(game: Game) -> FiniteModel:
    """A game as a finite process; more kinds of games may be registered.

    Args:
        game: grid worlds and Tabular have models.

    Raises:
        ValueError: it has none, or the player sees less or more than the state.
    """
    raise ValueError(f"{game.name} has no finite model; grid worlds and Tabular have one")


@finite_model.register
def _(game: GridGame) -> FiniteModel:
    mdp, horizon = game.table.mdp, game.horizon
    shown = game.observation_space.shape
    if shown != (len(game.table.sizes) + 1,):
        raise ValueError(
            f"{game.name} has no finite model under these settings: it shows {shown} numbers, more "
            "than the place and the steps left; leave out its hints"
        )
    places = np.arange(mdp.states)
    seen = [
        game.observe({"place": places, "left": np.full_like(places, horizon - t)})
        for t in range(horizon)
    ]
    return FiniteModel(mdp, np.stack(seen), lambda rows: (horizon - rows["left"], rows["place"]))


@finite_model.register
def _(game: Tabular) -> FiniteModel:
    if game.mdp.observations is not None:
        raise ValueError(
            "Tabular with observations has no finite model: what is seen is not the state"
        )
    states = np.arange(game.mdp.states)
    seen = [
        game.observe({"state": states, "time": np.full_like(states, t)})
        for t in range(game.mdp.horizon)
    ]
    return FiniteModel(game.mdp, np.stack(seen), lambda rows: (rows["time"], rows["state"]))
