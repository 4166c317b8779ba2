"""A policy that is linear in features which are on or off; with a table of them it is exact.

    pi(a | s) = softmax_a sum of w[f, a] over the features f that are on in s

Source: own design; the softmax units of Williams 1992, doi:10.1007/BF00992696.
"""

from typing import Any

import gymnasium as gym
import torch
from torch import nn

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.feature_map import FeatureMap
from plaudit.agents.policies.vector import VectorPolicy


class LinearSoftmax(VectorPolicy):
    """Logits and values that are sums of weights of the features that are on.

    It begins uniform, with values of 0, and can stand for any policy of a small world of integers.

    Args:
        observation_space: of one row, see `FeatureMap`.
        action_space: of one row; Discrete, MultiDiscrete or MultiBinary.
        features: kind of features, see `FeatureMap`.
        tilings: see `FeatureMap`.
        cells: see `FeatureMap`.
        seed: of the streams that actions are drawn from.
        device: "auto" is a GPU where there is one.

    Raises:
        TypeError: actions are no choices, or observations no numbers.
        ValueError: see `FeatureMap`.

    Source: own design; doi:10.1007/BF00992696.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        features: str = "auto",
        tilings: int = 8,
        cells: int = 8,
        seed: int = 0,
        device: str | torch.device = "auto",
    ) -> None:
        if isinstance(action_space, gym.spaces.Box):
            raise TypeError(f"a softmax chooses among actions that can be counted: {action_space}")
        super().__init__(observation_space, action_space, seed=seed)
        self.features = FeatureMap(observation_space, features, tilings=tilings, cells=cells)
        self.logits = nn.Parameter(torch.zeros(self.features.size, self.head.width))
        self.critic = nn.Parameter(torch.zeros(self.features.size, 1))
        self.to(resolve_device(device))

    def read(self, obs: Any) -> torch.Tensor:
        return torch.from_numpy(self.features.read(obs)).to(self.device)

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        on = numbers.long()
        logits = nn.functional.embedding(on, self.logits).sum(1)
        return logits, nn.functional.embedding(on, self.critic).sum((1, 2))
