"""An actor and a critic: multi-layer perceptrons over what an encoder makes of observations.

Source: own design; sizes and orthogonal initialisation as Stable-Baselines3's MlpPolicy, CnnPolicy
    and MultiInputPolicy, arXiv:2005.12729.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch
from torch import nn

from plaudit.agents.device import resolve_device, send
from plaudit.agents.policies.encoders import encoder as make_encoder
from plaudit.agents.policies.mlp import MLPs
from plaudit.agents.policies.vector import VectorPolicy

ACTOR_GAIN = 0.01  # so that it begins close to uniform
CRITIC_GAIN = 1.0


class ActorCritic(VectorPolicy):
    """A policy with a critic for any world whose observations are numbers.

    The encoder (convolutions, learned vectors) is one for both; the layers behind it are two
    networks, or with `shared` one.

    Args:
        observation_space: of one row: Discrete, MultiDiscrete, MultiBinary, Box, Dict or Tuple.
        action_space: of one row: Discrete, MultiDiscrete, MultiBinary or a Box of floats.
        hidden: widths of the hidden layers.
        activation: "tanh" or "relu".
        shared: whether actor and critic share the hidden layers.
        encoder: "mlp", "cnn", "multi_input", "auto" for what fits the space, or "blank", which
            sees nothing; see `encoders`.
        seed: of the first weights and of the streams that actions are drawn from.
        device: "auto" is a GPU where there is one.

    Raises:
        TypeError: a space cannot be read or acted in.
        ValueError: unknown encoder or activation, or a layer without width.

    Source: own design; initialisation as Stable-Baselines3, arXiv:2005.12729.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        shared: bool = False,
        encoder: str = "auto",
        seed: int = 0,
        device: str | torch.device = "auto",
    ) -> None:
        super().__init__(observation_space, action_space, seed=seed)
        rng = torch.Generator().manual_seed(seed)
        self.encoder = make_encoder(observation_space, encoder, rng)

        width = self.head.width
        self.layers = MLPs(
            self.encoder.width,
            hidden,
            [width + 1] if shared else [width, 1],
            activation=activation,
            gains=[ACTOR_GAIN] if shared else [ACTOR_GAIN, CRITIC_GAIN],
            rng=rng,
        )
        if shared:
            nn.init.orthogonal_(self.layers.weights[-1][-1:], CRITIC_GAIN, generator=rng)
        self.shared = shared
        self.to(resolve_device(device))

    def read(self, obs: Any) -> torch.Tensor:
        return send(torch.from_numpy(self.encoder.read(obs)), self.device)

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outs = self.layers(self.encoder(numbers))
        if self.shared:
            return outs[0][:, :-1], outs[0][:, -1]
        return outs[0], outs[1][:, 0]
