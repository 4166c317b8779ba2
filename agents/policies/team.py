"""A team: a policy for every seat of a world, and the critics that teach them.

With "own" critics each seat's value is read from what that seat sees (IPPO); a "central" critic
sees what all see (MAPPO). It is asked in training only: a seat acts on its own observation.

Source: IPPO arXiv:2011.09533; MAPPO arXiv:2103.01955.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.policies.central_critic import CentralCritic
from plaudit.agents.policies.seat_partner import SeatPartner
from plaudit.agents.policies.sharing import child_seed, seat_policies
from plaudit.agents.policies.vector import Evaluation, VectorPolicy
from plaudit.agents.seat_worlds import seat_world
from plaudit.envs import limits
from plaudit.envs.names import nearest
from plaudit.envs.types import State

CRITICS = ("own", "central")


class Read(NamedTuple):
    """Observations as numbers.

    Attributes:
        numbers: by seat, (N, D) as its policy reads them.
        view: (N, D) what all see, as a central critic reads it; None where critics are own.
    """

    numbers: list[torch.Tensor]
    view: torch.Tensor | None


class Team(nn.Module):
    """Policies by seat. Seats that share a parameter learn together, the others independently.

    Args:
        policies: seat -> policy, in the order of the world's seats; one policy may play several.
        critic: "own": each policy's; or "central": a network on what all seats see, one for the
            seats that learn together. The policies' own critics are not trained then.
        hidden: widths of a central critic's hidden layers.
        activation: of a central critic, "tanh" or "relu".
        seed: of a central critic's first weights.

    Raises:
        ValueError: no policies, or an unknown critic.
        TypeError: a central critic cannot read some seat's observations.

    Attributes:
        seats: their names; elsewhere a seat is its place in this list.
        groups: places of the seats that learn together.

    Source: arXiv:2011.09533 (own critics); arXiv:2103.01955 (central).
    """

    def __init__(
        self,
        policies: Mapping[str, VectorPolicy],
        *,
        critic: str = "own",
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not policies:
            raise ValueError("a team needs a policy for every seat, got none")
        limits.check_choice("critic", critic, CRITICS)
        self.seats = tuple(policies)
        self._policies = nn.ModuleList(policies.values())
        self.groups = _groups(list(policies.values()))
        spaces = [policy.observation_space for policy in policies.values()]
        self._critics = nn.ModuleList(
            CentralCritic(
                spaces,
                len(group),
                hidden=hidden,
                activation=activation,
                seed=child_seed(seed, len(spaces) + number),
                device=self.at(0).device,
            )
            for number, group in enumerate(self.groups if critic == "central" else ())
        )

    @property
    def central(self) -> bool:
        """Whether critics see what all seats see."""
        return len(self._critics) > 0

    def at(self, place: int) -> VectorPolicy:
        """The policy of a seat by its place."""
        policy: VectorPolicy = self._policies[place]  # type: ignore[assignment]
        return policy

    def policy(self, seat: str) -> VectorPolicy:
        """The policy of a seat, e.g. for `plaudit.evaluate(team.policy(seat), id, seat=seat)`.

        Raises:
            KeyError: unknown seat.
        """
        if seat not in self.seats:
            raise KeyError(f"unknown seat {seat!r}{nearest(seat, self.seats)}")
        return self.at(self.seats.index(seat))

    def partner(self, seat: str) -> SeatPartner:
        """A seat as it plays now, for `gym.make(id, partners={seat: it})`; a copy.

        Raises:
            KeyError: unknown seat.
        """
        own = self.policy(seat)
        same = [other for place, other in enumerate(self.seats) if self.at(place) is own]
        return SeatPartner(own.frozen_copy(), tuple(same))

    def modules_of(self, group: int) -> list[nn.Module]:
        """What a group trains: its policies, and its central critic."""
        return [*(self.at(place) for place in self.groups[group]), *self._critics[group:][:1]]

    def read(self, obs: Sequence[Any]) -> Read:
        """What seats see, by place, a batch of N each, as numbers; read once, used often."""
        numbers = [self.at(place).read(seen) for place, seen in enumerate(obs)]
        return Read(numbers, self._critic(0).read(obs) if self.central else None)

    @torch.inference_mode()
    def values(self, read: Read) -> npt.NDArray[np.float32]:
        """(N, seats), the returns that critics expect, reward units."""
        if read.view is None:
            each = [self.at(place).values(seen) for place, seen in enumerate(read.numbers)]
            return np.stack(each, axis=1)
        found = np.empty((len(read.view), len(self.seats)), np.float32)
        for number, group in enumerate(self.groups):
            found[:, group] = self._critics[number](read.view).cpu().numpy()
        return found

    def evaluate(
        self,
        place: int,
        numbers: torch.Tensor,
        action: torch.Tensor,
        legal: torch.Tensor | None,
        view: torch.Tensor | None,
    ) -> Evaluation:
        """What a seat's policy and its critic say, (B,) each; differentiable.

        Args:
            place: of the seat.
            numbers: (B, D) as read for it.
            action: (B, ...) as its head reads them.
            legal: (B, choices) bool, or None.
            view: (B, D) what all saw; None where critics are own.
        """
        now = self.at(place).evaluate(numbers, action, legal)
        if view is None:
            return now
        number = next(n for n, group in enumerate(self.groups) if place in group)
        values = self._critics[number](view)
        return now._replace(value=values[:, self.groups[number].index(place)])

    def frozen_copy(self) -> Self:
        """A copy that does not train, e.g. the reference of a KL term."""
        return copy.deepcopy(self).requires_grad_(False).eval()

    def reseed(self, seed: int) -> None:
        """Begin new streams of actions, one for each policy."""
        for place in range(len(self.seats)):
            self.at(place).reseed(child_seed(seed, place))

    def get_state(self) -> State:
        """Where the streams of actions are; parameters are in `state_dict`."""
        return {seat: self.policy(seat).get_state() for seat in self.seats}

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        for seat in self.seats:
            self.policy(seat).set_state(state[seat])

    def _critic(self, number: int) -> CentralCritic:
        critic: CentralCritic = self._critics[number]  # type: ignore[assignment]
        return critic


def team(
    env: Any,
    *,
    sharing: str = "none",
    critic: str = "own",
    kind: str = "actor_critic",
    seed: int = 0,
    **settings: Any,
) -> Team:
    """A team for a world.

    Args:
        env: of several seats, see `seat_world`.
        sharing: which parameters seats share, see `sharing`.
        critic: "own" or "central".
        kind: of the policies, a registered one.
        seed: of first weights and of the streams that actions are drawn from.
        **settings: of the policies; `hidden` and `activation` are also a central critic's.

    Raises:
        KeyError: unknown kind.
        ValueError: unknown sharing or critic, or seats differ that share parameters.
        TypeError: `env` has no several seats, an unknown setting, or policies of this kind have no
            trunk.

    Source: arXiv:2011.09533; arXiv:2103.01955.
    """
    limits.check_choice("critic", critic, CRITICS)
    if critic == "central" and kind == "actor_critic":
        settings.setdefault("shared", True)  # spares a critic that nobody asks
    policies = seat_policies(seat_world(env), sharing, kind, seed, settings)
    shape = {key: settings[key] for key in ("hidden", "activation") if key in settings}
    return Team(policies, critic=critic, seed=seed, **shape)


def _groups(policies: Sequence[VectorPolicy]) -> tuple[tuple[int, ...], ...]:
    """Places of policies that share a parameter, directly or through others."""
    groups: list[tuple[list[int], set[int]]] = []
    for place, policy in enumerate(policies):
        places, owned = [place], {id(p) for p in policy.parameters()}
        for group in [group for group in groups if group[1] & owned]:
            groups.remove(group)
            places, owned = group[0] + places, group[1] | owned
        groups.append((places, owned))
    return tuple(tuple(sorted(places)) for places, _ in groups)
