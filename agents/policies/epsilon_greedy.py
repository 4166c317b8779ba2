"""Action values that are linear in features, and a policy that mostly does what is worth most.

    Q(s, a) = sum of w[f, a] over the features f that are on in s
    pi(a | s) = explore / A + (1 - explore) * 1[a is among the best] / number of the best

Source: Watkins & Dayan 1992, doi:10.1007/BF00992698; epsilon-greedy as Sutton & Barto, ISBN
    9780262039246, section 2.2.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.feature_map import FeatureMap
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.envs import limits

Array = npt.NDArray[Any]

NEVER = -1e9  # logit of what is not played; finite, so that sums and masks work


class EpsilonGreedy(VectorPolicy):
    """Values of actions, which begin at 0, and the policy that follows them.

    With a table of features, as small worlds of integers have by default, any values can be stood
    for. Of equally good actions each is as likely. Values are learned from targets; the policy has
    no gradient.

    Args:
        observation_space: of one row, see `FeatureMap`.
        action_space: Discrete.
        explore: share of actions drawn evenly from all, in 0..1; the attribute may be set to 0 to
            see the greedy policy.
        features: kind of features, see `FeatureMap`.
        seed: of the stream that actions are drawn from.
        device: "auto" is a GPU where there is one.

    Raises:
        TypeError: actions are not Discrete, or observations no numbers.
        ValueError: `explore` is out of its range, see `FeatureMap`; later, an action is illegal.

    Source: doi:10.1007/BF00992698.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        *,
        explore: float = 0.1,
        features: str = "auto",
        seed: int = 0,
        device: str | torch.device = "auto",
    ) -> None:
        if not isinstance(action_space, gym.spaces.Discrete):
            raise TypeError(f"expected Discrete actions, each with a value, got {action_space}")
        super().__init__(observation_space, action_space, seed=seed)
        self.explore = limits.check_range("explore", explore, 0, 1)
        self.features = FeatureMap(observation_space, features)
        self.weights = nn.Parameter(torch.zeros(self.features.size, self.head.width))
        self.to(resolve_device(device))

    def _legal(self, mask: Array | None) -> npt.NDArray[np.bool_] | None:
        """All of them: what is never tried would keep its first value, and seem the best."""
        legal = super()._legal(mask)
        if legal is not None and not legal.all():
            raise ValueError(
                "an EpsilonGreedy knows no illegal actions, and the mask forbids some; use another "
                "policy, or a world in which everything is legal"
            )
        return legal

    def read(self, obs: Any) -> torch.Tensor:
        return torch.from_numpy(self.features.read(obs)).to(self.device)

    def action_values(self, numbers: torch.Tensor) -> torch.Tensor:
        """Q of each action, (B, A), reward units; differentiable.

        Args:
            numbers: (B, D) as `read` gives them.
        """
        return nn.functional.embedding(numbers.long(), self.weights).sum(1)

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values = self.action_values(numbers)
        best = values.amax(1, keepdim=True)
        greedy = (values == best).float()
        odds = self.explore / values.shape[1] + (1 - self.explore) * greedy / greedy.sum(
            1, keepdim=True
        )
        return odds.log().clamp(min=NEVER), best[:, 0]
