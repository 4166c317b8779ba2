"""Which parameters the seats of a team share.

| sharing | parameters |
|---|---|
| none | each seat has its own |
| all | one policy plays all seats and cannot tell them apart, as in self-play |
| seat_id | one policy plays all seats and is told which |
| trunk | one encoder and hidden layers; an output layer for each seat |

Source: own design; telling agents who they are as arXiv:1605.06676.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from plaudit import agents
from plaudit.agents.policies.mlp import MLPs
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.seat_worlds.base import SeatWorld
from plaudit.envs import limits

SHARING = ("none", "all", "seat_id", "trunk")


class ToldSeat(VectorPolicy):
    """One policy of all seats, told which of them it plays.

    Args:
        inner: acts on pairs of an observation and the number of a seat.
        observation_space: of the seat, without the number.
        place: the number.
        seed: of its own streams of actions.
    """

    def __init__(
        self,
        inner: VectorPolicy,
        observation_space: gym.Space[Any],
        place: int,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(observation_space, inner.action_space, seed=seed)
        self.inner, self.head = inner, inner.head
        self._place = place

    def read(self, obs: Any) -> torch.Tensor:
        return self.inner.read((obs, np.full(_rows(obs), self._place)))

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs, value = self.inner(numbers)
        return outputs, value


def seat_policies(
    world: SeatWorld, sharing: str, kind: str, seed: int, settings: Mapping[str, Any]
) -> dict[str, VectorPolicy]:
    """New policies by seat.

    Args:
        world: whose seats.
        sharing: see the module; all but "none" needs seats that see and do the same kind of thing,
            and "trunk" seats that see the same kind of thing.
        kind: of the policies, a registered one.
        seed: of first weights and streams.
        settings: of the policies.

    Raises:
        KeyError: unknown kind.
        ValueError: unknown sharing, or seats differ that share parameters.
        TypeError: an unknown setting, or policies of this kind have no trunk.
    """
    limits.check_choice("sharing", sharing, SHARING)
    if sharing != "none":
        _require_alike(world, observations_only=sharing == "trunk")
    seen = world.observation_spaces
    seeds = [child_seed(seed, place) for place in range(len(seen))]

    def new(place: int, observations: gym.Space[Any]) -> VectorPolicy:
        spaces = {"observation_space": observations, "action_space": world.action_spaces[place]}
        made: VectorPolicy = agents.policy(kind, **spaces, seed=seeds[place], **settings)
        return made

    if sharing == "all":
        return dict.fromkeys(world.seats, new(0, seen[0]))
    if sharing == "seat_id":
        inner = new(0, gym.spaces.Tuple((seen[0], gym.spaces.Discrete(len(seen)))))
        told = [ToldSeat(inner, seen[0], place, seed=own) for place, own in enumerate(seeds)]
        return dict(zip(world.seats, told, strict=True))
    policies = [new(place, space) for place, space in enumerate(seen)]
    if sharing == "trunk":
        _tie(policies)
    return dict(zip(world.seats, policies, strict=True))


def child_seed(seed: int, number: int) -> int:
    """The seed of one of several parts that share no luck."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _tie(policies: Sequence[Any]) -> None:
    """Give all the first one's encoder and hidden layers."""
    first = policies[0]
    if not isinstance(getattr(first, "layers", None), MLPs):
        raise TypeError(f"sharing='trunk' needs policies of layers, got {type(first).__name__}")
    for policy in policies[1:]:
        policy.encoder = first.encoder
        for layer in range(first.layers.depth):
            policy.layers.weights[layer] = first.layers.weights[layer]
            policy.layers.biases[layer] = first.layers.biases[layer]


def _require_alike(world: SeatWorld, *, observations_only: bool) -> None:
    kinds = [world.observation_spaces, [] if observations_only else world.action_spaces]
    for spaces in kinds:
        if any(space != spaces[0] for space in spaces):
            told = ", ".join(f"{s}: {space}" for s, space in zip(world.seats, spaces, strict=True))
            raise ValueError(f"seats that share parameters must have the same spaces, got {told}")


def _rows(obs: Any) -> int:
    """How many observations a batch holds, be it arrays by name or a list."""
    while isinstance(obs, dict | tuple):
        obs = next(iter(obs.values())) if isinstance(obs, dict) else obs[0]
    return len(obs)
