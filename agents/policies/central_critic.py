"""A critic that sees what all seats see; only training asks it.

Source: arXiv:2103.01955 (MAPPO); centralised critics as arXiv:1706.02275.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch
from torch import nn

from plaudit.agents.device import resolve_device, send
from plaudit.agents.policies.encoders import encoder
from plaudit.agents.policies.mlp import MLPs


class CentralCritic(nn.Module):
    """Expected returns of some seats, from the observations of all.

    Args:
        spaces: of each seat's observations.
        values: how many seats it judges.
        hidden: widths of the hidden layers.
        activation: "tanh" or "relu".
        seed: of the first weights.
        device: "auto" is a GPU where there is one.

    Raises:
        TypeError: a space cannot be read.
        ValueError: unknown activation, or a layer without width.

    Source: arXiv:2103.01955.
    """

    def __init__(
        self,
        spaces: Sequence[gym.Space[Any]],
        values: int,
        *,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        seed: int = 0,
        device: str | torch.device = "auto",
    ) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        self.encoder = encoder(gym.spaces.Tuple(spaces), "multi_input", rng)
        self.layers = MLPs(
            self.encoder.width, hidden, [values], activation=activation, gains=[1.0], rng=rng
        )
        self._device = resolve_device(device)
        self.to(self._device)

    def read(self, obs: Sequence[Any]) -> torch.Tensor:
        """Observations by seat, a batch of N each, as numbers for `forward`, (N, D)."""
        return send(torch.from_numpy(self.encoder.read(tuple(obs))), self._device)

    def forward(self, view: torch.Tensor) -> torch.Tensor:
        """(B, D) to (B, values), reward units; differentiable."""
        values: torch.Tensor = self.layers(self.encoder(view))[0]
        return values
