"""A policy as somebody else's partner in a game of several seats.

Source: own design.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.agents.policies.vector import VectorPolicy
from plaudit.envs.game import Arrays, Floats, Ints
from plaudit.envs.seats.game import Partner, Seen


class SeatPartner(Partner):
    """A policy as the partner of somebody else: `gym.make(id, partners={seat: it})`.

    It draws from the world's numbers for partners, so that equal seeds are equal episodes, and is
    also a callable `(obs, mask, rng) -> action`.

    Args:
        policy: of Discrete actions; does not change while it plays.
        seats: those it can fill.
    """

    numbers = 1

    def __init__(self, policy: VectorPolicy, seats: tuple[str, ...]) -> None:
        self._policy, self.seats = policy, seats

    def act(self, seen: Seen, memory: Arrays, numbers: Floats) -> Ints:
        return self._choose(seen.obs, seen.masks, numbers)

    def __call__(self, obs: Any, mask: npt.NDArray[Any], rng: np.random.Generator) -> int:
        chosen = self._choose(np.asarray(obs)[None], np.asarray(mask)[None], rng.random((1, 1)))
        return int(chosen[0])

    def _choose(self, obs: Any, masks: npt.NDArray[Any], numbers: Floats) -> Ints:
        """(N,) actions by uniform numbers (N, 1); none whose probability is 0."""
        edges = self._policy.probs(obs, masks).cumsum(1)
        chosen: Ints = (edges > numbers * edges[:, -1:]).argmax(1)
        return chosen
