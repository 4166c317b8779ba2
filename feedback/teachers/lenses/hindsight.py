"""Hindsight: whoever judges has seen what came of it.

Source: Liang et al. 2025, arXiv:2501.08617 (RLHS).
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatch
from math import inf
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs import limits
from plaudit.envs.game import Floats, Game
from plaudit.envs.token.token_assist.game import TokenAssist
from plaudit.envs.types import State, stream
from plaudit.feedback.programs import program
from plaudit.feedback.simulator import Chooser, Moment, Simulator, side_by_side
from plaudit.feedback.teachers.base import PolicyProbs, Told
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import true_rewards, world_states
from plaudit.feedback.types import Array, Segment

POLICIES = ("oracle", "random", "learner")


@dataclass(frozen=True)
class Hindsight(Told):
    """The segment with what happens next, played on from its last state in a world of one's own.

    Observations, actions, true rewards and states are appended; text stays, pictures and other
    agents' sights go. The future is that of this very episode. Pure: the same segment gives the
    same sight, as long as the learner, where it plays on, stays the same.

    In TokenAssist what is felt is not the truth but what the user gains by acting on the advice,
    `outcome_signal`, paid at the segment's last step.

    Source: arXiv:2501.08617 (RLHS).
    Differs: there the outcome is simulated by a language model; here by the world.

    Args:
        world: its id; the segments must carry states of it, recorded without views.
        settings: of the world, JSON values.
        steps: how many more are seen, >= 1; None: the outcome, to the episode's end.
        policy: who plays on: "oracle", the best; "random", any legal action; "learner", the policy
            that `set_policy` tells; or "module:attr" of a function (N, ...) observations -> (N, A)
            probabilities.
        seed: of random play, one stream for each segment's place.

    Raises:
        ValueError: a setting is wrong, there is no policy yet, or the segment hides what is needed
            or was recorded through a view.
    """

    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: int | None = None
    policy: str = "oracle"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps is not None:
            limits.keep_integers(self, steps=(1, inf))
        limits.keep_integers(self, seed=(0, inf))
        if ":" not in str(self.policy):
            limits.check_choice("policy", self.policy, (*POLICIES, "module:attr"))
        _ = self.simulator

    def __call__(self, segment: Segment) -> Segment:
        # The learner's play changes while it learns.
        return self._played_on(segment) if self.policy == "learner" else self._kept(segment)

    @cached_property
    def simulator(self) -> Simulator:
        """The world in which segments are played on."""
        return Simulator(self.world, self.settings)

    @once_per_segment
    def _kept(self, segment: Segment) -> Segment:
        return self._played_on(segment)

    def _played_on(self, segment: Segment) -> Segment:
        states, rewards = world_states(segment, "Hindsight"), true_rewards(segment, "Hindsight")
        later = self.simulator.follow(states[-1], self._chooser(segment), self.steps)
        seen = (*states, *later.states)
        return replace(
            segment,
            obs=_joined("observations", segment.obs, later.obs),
            actions=_joined("actions", segment.actions, later.actions),
            ref=replace(segment.ref, end=segment.ref.end + len(later.states)),
            rewards=felt_rewards(
                self.simulator.game, seen, np.concatenate([rewards, later.rewards])
            ),
            states=seen,
            frames=None,
            others={},
        )

    def _chooser(self, segment: Segment) -> Chooser:
        if self.policy == "oracle":
            return self.simulator.best_action
        place = segment.ref
        rng = stream(self.seed, f"hindsight of {place.episode} from {place.end}")
        if self.policy == "random":
            return _at_random(self.simulator.game.action_space, rng)
        if self.policy == "learner":
            return _drawn(self.told(), rng)
        return _drawn(program("policy", self.policy), rng)


@singledispatch
def felt_rewards(game: Game, states: Sequence[State], rewards: Floats) -> Floats:
    """What the steps of a segment, (T,), are felt to be worth once their outcome is known.

    Args:
        game: the world's rules; more kinds may be registered, the true rewards are the default.
        states: T + 1 of them.
        rewards: (T,) true ones.
    """
    return rewards


@felt_rewards.register
def _(game: TokenAssist, states: Sequence[State], rewards: Floats) -> Floats:
    final = side_by_side(states[-1:])
    felt = np.zeros(len(rewards))
    felt[-1:] = game.outcome_signal(final, *game.text(final))
    return felt


def _at_random(space: gym.Space[Any], rng: np.random.Generator) -> Chooser:
    own = deepcopy(space)
    own.seed(int(rng.integers(2**31)))

    def choose(moment: Moment) -> Any:
        counted = isinstance(own, gym.spaces.Discrete) and moment.mask is not None
        return own.sample(moment.mask.astype(np.int8) if counted else None)  # type: ignore[union-attr]

    return choose


def _drawn(probs: PolicyProbs, rng: np.random.Generator) -> Chooser:
    """Draws from a policy, whose probabilities of illegal actions are left out."""

    def choose(moment: Moment) -> int:
        odds = np.asarray(probs(moment.obs[None]), np.float64)[0]
        if moment.mask is not None:
            odds = odds * moment.mask if (odds * moment.mask).any() else 1.0 * moment.mask
        return int(rng.choice(len(odds), p=odds / odds.sum()))

    return choose


def _joined(what: str, seen: Array, later: Array) -> Array:
    if seen.shape[1:] != later.shape[1:]:
        raise ValueError(
            f"{what} of the segment have shape {seen.shape[1:]}, the world's {later.shape[1:]}: "
            "hindsight needs segments recorded without a view around the world"
        )
    return np.concatenate([seen, later])
