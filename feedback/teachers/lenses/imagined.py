"""Imagined: whoever judges has seen an outcome that somebody made up, not the real one.

What is hidden is drawn afresh from a belief, and `Hindsight` shows what then comes of the segment.
With all evidence in the belief the outcome is simulated well; with part of it, by a poor simulator.

Source: Liang et al. 2025, arXiv:2501.08617 (RLHS), where a language model simulates the outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from math import inf
from typing import Any

import numpy as np

from plaudit.envs import limits
from plaudit.envs.game import Arrays, Game
from plaudit.envs.token.token_assist.game import TokenAssist
from plaudit.envs.types import State, stream
from plaudit.feedback.teachers.lenses.hindsight import Hindsight
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import world_states
from plaudit.feedback.types import Segment

KNOWS = ("all", "view")


@dataclass(frozen=True)
class Imagined:
    """The segment with an outcome that a simulator draws from its belief.

    Each segment is imagined on its own: two answers to one question may meet two truths. Pure: the
    same segment is always imagined alike.

    Source: arXiv:2501.08617 (RLHS).
    Differs: the simulator is a belief of the world, not a language model.

    Args:
        world: its id; TokenAssist, and whatever `imagine` is registered for.
        settings: of the world, JSON values.
        knows: "all" that the adviser sees, or only the "view" that the user states.
        seed: of what is drawn, one stream for each segment's place.

    Raises:
        ValueError: a setting is wrong, the world hides nothing, or the segment has no states.
    """

    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    knows: str = "all"
    seed: int = 0

    def __post_init__(self) -> None:
        limits.check_choice("knows", self.knows, KNOWS)
        limits.keep_integers(self, seed=(0, inf))
        object.__setattr__(self, "_hindsight", Hindsight(self.world, self.settings))

    def __call__(self, segment: Segment) -> Segment:
        return self._kept(segment)

    @once_per_segment
    def _kept(self, segment: Segment) -> Segment:
        states, place = world_states(segment, "Imagined"), segment.ref
        rng = stream(self.seed, f"imagined of {place.episode} from {place.start} to {place.end}")
        hindsight: Hindsight = self._hindsight  # type: ignore[attr-defined]
        drawn = imagine(hindsight.simulator.game, states[-1]["game"], self.knows, rng)
        made_up = tuple(_with(state, drawn) for state in states)
        return hindsight(replace(segment, states=made_up))


@singledispatch
def imagine(game: Game, state: Arrays, knows: str, rng: np.random.Generator) -> Arrays:
    """What a simulator takes the hidden part of a state for; arrays (1, ...) to put in its place.

    Args:
        game: the world's rules; more kinds may be registered.
        state: arrays of one row.
        knows: one of `KNOWS`.
        rng: of the draw.

    Raises:
        ValueError: this world hides nothing.
    """
    raise ValueError(f"{game.name} says nothing of what could be imagined; TokenAssist does")


@imagine.register
def _(game: TokenAssist, state: Arrays, knows: str, rng: np.random.Generator) -> Arrays:
    known = np.full_like(state["seen"], knows == "all")
    belief = game.questions.belief(state, known)[0]
    truth = np.array([rng.choice(game.options, p=belief)])
    return {"truth": truth, "right": np.eye(game.options)[truth]}


def _with(state: State, drawn: Arrays) -> State:
    return {**state, "game": {**state["game"], **drawn}}
