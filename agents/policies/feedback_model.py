"""What somebody would say to each action, learned, and a policy that does what is praised most.

    H(s, a)  expected feedback,   pi(a | s) = softmax_a H(s, a) / temperature

Feedback is taken for the worth of an action, with all its consequences, so nothing looks ahead. At
a low temperature the policy is greedy, and actions that nobody has judged yet are tried evenly.

Source: Knox & Stone 2009, doi:10.1145/1597735.1597738 (TAMER); networks arXiv:1709.10163 (Deep
    TAMER).
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.encoders import Encoder, encoder
from plaudit.agents.policies.feature_map import FeatureMap
from plaudit.agents.policies.mlp import MLPs
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.envs import limits


class FeedbackModel(VectorPolicy):
    """Expected feedback of each action, and the policy that follows it.

    It begins with 0 for everything. Without hidden layers it is linear in features that are on or
    off (`FeatureMap`), with some a network over an encoder.

    Args:
        observation_space: of one row.
        action_space: Discrete.
        hidden: widths of the hidden layers; none for a linear model.
        activation: "tanh" or "relu".
        features: of a linear model, see `FeatureMap`.
        encoder_kind: of a network, see `encoders`.
        temperature: units of feedback; near 0 the policy is greedy, and even over equals.
        seed: of the first weights and of the stream that actions are drawn from.
        device: "auto" is a GPU where there is one.

    Raises:
        TypeError: actions are not Discrete, or observations cannot be read.
        ValueError: a setting is out of its range.

    Source: doi:10.1145/1597735.1597738, arXiv:1709.10163.
    Differs: a softmax at a low temperature in place of the greatest, so that ties are tried evenly.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        features: str = "auto",
        encoder_kind: str = "auto",
        temperature: float = 0.001,
        seed: int = 0,
        device: str | torch.device = "auto",
    ) -> None:
        if not isinstance(action_space, gym.spaces.Discrete):
            raise TypeError(f"expected Discrete actions, each with a feedback, got {action_space}")
        super().__init__(observation_space, action_space, seed=seed)
        limits.check_range("temperature", temperature, 0, np.inf, above=True)
        self.temperature = temperature
        net: nn.Module
        self.encoder: Encoder | None = None
        if hidden:
            rng = torch.Generator().manual_seed(seed)
            self.encoder = encoder(observation_space, encoder_kind, rng)
            width, out = self.encoder.width, self.head.width
            net = MLPs(width, hidden, [out], activation=activation, gains=[0.0], rng=rng)
        else:
            self.features = FeatureMap(observation_space, features)
            net = nn.EmbeddingBag(
                self.features.size,
                self.head.width,
                mode="sum",
                _weight=torch.zeros(self.features.size, self.head.width),
            )
        self.net = net
        self.to(resolve_device(device))

    def read(self, obs: Any) -> torch.Tensor:
        numbers = self.features.read(obs) if self.encoder is None else self.encoder.read(obs)
        return torch.from_numpy(numbers).to(self.device)

    def said(self, numbers: torch.Tensor) -> torch.Tensor:
        """Expected feedback H of each action, (B, A); differentiable.

        Args:
            numbers: (B, D) as `read` gives them.
        """
        if self.encoder is None:
            values: torch.Tensor = self.net(numbers.long())
            return values
        (values,) = self.net(self.encoder(numbers))
        return values

    def said_to(self, numbers: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Expected feedback of actions that were taken, (B,); differentiable.

        Args:
            numbers: (B, D) as `read` gives them.
            action: (B, 1) int64 as `head.read` gives them.
        """
        return self.said(numbers).gather(1, action).squeeze(1)

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values = self.said(numbers)
        return values / self.temperature, values.amax(1)
