"""Reward networks: what a step looked like -> its reward, for all members of an ensemble at once.

Every parameter has the members on its first axis M, so one forward pass serves the ensemble and
one `torch.where` picks members. The last layer starts at zero: an untrained reward is 0.
"""

import math
import os
from collections.abc import Sequence

import torch
from torch import nn

Shape = Sequence[int]

# AsyncVectorEnv forks: a child that waits for its parent's torch threads would wait for ever.
if hasattr(os, "register_at_fork"):  # not where processes cannot fork
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class TokenConvNet(nn.Module):
    """Reward of a token from itself and the `context - 1` tokens before it: an n-gram network.

    It sees only those, however long the window of the observation: a reward that hangs on earlier
    tokens cannot be represented. Embeddings, concatenated, through two hidden layers.

    Source: own design; the windows are a one-dimensional convolution over tokens.

    Args:
        vocab_size: number of token ids V.
        context: tokens seen, the action included, >= 1.
        width: units per hidden layer.
        members: ensemble size M.
        pad_id: fills the window on the left; V where None.
        generator: draws the initial weights.
    """

    def __init__(
        self,
        vocab_size: int,
        context: int,
        width: int,
        members: int,
        pad_id: int | None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        _check_positive(vocab_size=vocab_size, context=context, width=width, members=members)
        self.context = context
        self.pad_id = vocab_size if pad_id is None else pad_id
        self.ids = max(vocab_size, self.pad_id + 1)
        size = min(width, 16)
        table = torch.randn(members, self.ids, size, generator=generator)
        # Small embeddings start as a smooth reward; at 1 few answers are fitted by heart.
        self.table = nn.Parameter(0.3 * table)
        self.head = _Head(context * size, width, members, generator)

    def features(self, obs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Token ids (N, L) and (N,) -> (N, context) int64."""
        if obs.dim() != 2 or actions.shape != obs.shape[:1]:
            raise ValueError(
                "tokens: each step needs a window of ids (L,) and one action id, got shapes "
                f"{tuple(obs.shape[1:])} and {tuple(actions.shape[1:])}"
            )
        before = self.context - 1
        window = obs[:, max(obs.shape[1] - before, 0) :].long()
        lead = window.new_full((len(obs), before - window.shape[1]), self.pad_id)
        tokens = torch.cat([lead, window, actions.long()[:, None]], 1)
        if len(tokens) and not bool(((tokens >= 0) & (tokens < self.ids)).all()):
            raise ValueError(
                f"token ids must be in 0..{self.ids - 1}, got {int(tokens.min())}"
                f"..{int(tokens.max())}; set vocab_size or pad_id"
            )
        return tokens

    def normalise(self, features: torch.Tensor) -> None:
        """Nothing to adapt: ids are ids."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        # index_select, whose gradient is several times faster than that of fancy indexing.
        looked_up = self.table.index_select(1, features.flatten())
        rewards: torch.Tensor = self.head(looked_up.view(len(looked_up), len(features), -1))
        return rewards


class VectorNet(nn.Module):
    """Reward from a vector observation and an action, through two hidden layers.

    Observations are flattened and standardised by the data of the last fit; integer actions become
    one-hot, others are flattened and standardised too.

    Source: arXiv:1706.03741, section 2.2.

    Args:
        obs_dim: numbers per observation.
        action_dim: number of discrete actions, or numbers per continuous action.
        width: units per hidden layer.
        members: ensemble size M.
        generator: draws the initial weights.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        obs_dim: int,
        action_dim: int,
        width: int,
        members: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        _check_positive(obs_dim=obs_dim, action_dim=action_dim, width=width, members=members)
        self.obs_dim, self.action_dim = obs_dim, action_dim
        self.register_buffer("mean", torch.zeros(obs_dim + action_dim))
        self.register_buffer("std", torch.ones(obs_dim + action_dim))
        self.head = _Head(obs_dim + action_dim, width, members, generator)

    def features(self, obs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """(N, ...) and (N,) integers or (N, ...) floats -> (N, obs_dim + action_dim)."""
        seen = obs.float().flatten(1)
        done = self._one_hot(actions) if actions.dim() == 1 else actions.float().flatten(1)
        if (seen.shape[1], done.shape[1]) != (self.obs_dim, self.action_dim):
            raise ValueError(
                f"expected obs_dim {self.obs_dim} and action_dim {self.action_dim}, got "
                f"{seen.shape[1]} and {done.shape[1]} numbers per step"
            )
        return torch.cat([seen, done], 1)

    def normalise(self, features: torch.Tensor) -> None:
        """Standardise by these features; what never varies keeps its unit."""
        self.mean.copy_(features.mean(0))
        spread = features.std(0, correction=0)
        self.std.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        rewards: torch.Tensor = self.head((features - self.mean) / self.std)
        return rewards

    def _one_hot(self, actions: torch.Tensor) -> torch.Tensor:
        if actions.is_floating_point():
            return actions.float()[:, None]
        if len(actions) and not bool(((actions >= 0) & (actions < self.action_dim)).all()):
            raise ValueError(
                f"actions must be in 0..{self.action_dim - 1}, got {int(actions.min())}"
                f"..{int(actions.max())}; set action_dim"
            )
        return nn.functional.one_hot(actions.long(), self.action_dim).float()


RewardNet = TokenConvNet | VectorNet
"""What a reward model is built around."""


class _Head(nn.Module):
    """Two hidden layers and a linear output that starts at zero; (N, F) or (M, N, F) -> (M, N)."""

    def __init__(self, inputs: int, width: int, members: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first = nn.Parameter(_he((members, inputs, width), generator))
        self.first_bias = nn.Parameter(torch.zeros(members, 1, width))
        self.second = nn.Parameter(_he((members, width, width), generator))
        self.second_bias = nn.Parameter(torch.zeros(members, 1, width))
        self.last = nn.Parameter(torch.zeros(members, width, 1))
        self.last_bias = nn.Parameter(torch.zeros(members, 1, 1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(inputs @ self.first + self.first_bias)
        hidden = torch.relu(hidden @ self.second + self.second_bias)
        rewards: torch.Tensor = (hidden @ self.last + self.last_bias)[..., 0]
        return rewards


def _he(shape: Shape, generator: torch.Generator) -> torch.Tensor:
    return math.sqrt(2.0 / shape[-2]) * torch.randn(*shape, generator=generator)


def _check_positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
