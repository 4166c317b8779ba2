"""On-policy algorithms as two functions each: what an answer's advantage is, and what the loss is.

Rewards arrive with the KL penalty already inside (per token: reward - beta log pi/pi_ref of the
sampled token), so all three climb J_beta = E[return] - beta KL, except GRPO with std="group",
whose division by the group's spread gives it a fixed point of its own.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch

from plaudit.agents.advantages.gae import gae
from plaudit.agents.advantages.group import group
from plaudit.agents.advantages.leave_one_out import leave_one_out
from plaudit.agents.losses.base import Stats
from plaudit.agents.losses.grpo import grpo
from plaudit.agents.losses.ppo import ppo, ppo_value
from plaudit.agents.losses.rloo import rloo
from plaudit.agents.policies.base import Evaluation, TokenPolicy
from plaudit.agents.types import TokenBatch


@dataclass(frozen=True)
class Targets:
    """What an update aims at.

    Attributes:
        advantage: (B,) or (B, T), reward units (or standard deviations, where normalised).
        returns: (B, T) what the critic should say, or None.
        value: (B, T) what it said when the answers were sampled, or None.
    """

    advantage: torch.Tensor
    returns: torch.Tensor | None = None
    value: torch.Tensor | None = None

    def rows(self, index: torch.Tensor) -> "Targets":
        return Targets(
            self.advantage[index],
            None if self.returns is None else self.returns[index],
            None if self.value is None else self.value[index],
        )


class Algorithm(ABC):
    """Two pure functions and their settings.

    Attributes:
        needs_value: whether a critic is part of it.
        least_group: fewest answers per prompt from which it learns anything.
        per_token: whether its loss is a mean over tokens; else it is one over rows.
    """

    needs_value = False
    least_group = 1

    @property
    def per_token(self) -> bool:
        return False

    def check(self, policy: TokenPolicy, group_size: int) -> None:
        """Refuse what it cannot learn with; ValueError."""
        name = type(self).__name__
        if self.needs_value and policy.value_head is None:
            raise ValueError(
                f"{name} needs a policy with a value head; construct it with value_head=True"
            )
        if group_size < self.least_group:
            raise ValueError(
                f"{name} compares answers to the same prompt: group_size must be at least "
                f"{self.least_group}, got {group_size}"
            )

    @abstractmethod
    def targets(
        self,
        rewards: torch.Tensor,
        batch: TokenBatch,
        groups: torch.Tensor,
        value: torch.Tensor | None,
    ) -> Targets:
        """Targets of a rollout: rewards (B, T) with the KL inside, groups (B,), value (B, T)."""

    @abstractmethod
    def loss(
        self, now: Evaluation, batch: TokenBatch, targets: Targets
    ) -> tuple[torch.Tensor, Stats]:
        """The scalar to minimise on some rows, and figures to log."""


@dataclass(frozen=True)
class PPO(Algorithm):
    """Token-level PPO with a critic.

    Attributes:
        clip: of the ratio. gamma, lam: of GAE. value_coef: weight of the critic's loss.
        whiten: shift and scale advantages to mean 0 and standard deviation 1 over the batch.

    Source: Schulman et al. 2017, arXiv:1707.06347.
    """

    clip: float = 0.2
    gamma: float = 1.0
    lam: float = 0.95
    value_coef: float = 0.5
    whiten: bool = True
    needs_value = True
    per_token = True

    def targets(
        self,
        rewards: torch.Tensor,
        batch: TokenBatch,
        groups: torch.Tensor,
        value: torch.Tensor | None,
    ) -> Targets:
        if value is None:
            raise ValueError("PPO needs a policy with a value head; use value_head=True")
        mask = batch.action_mask
        advantage, returns = gae(rewards, value, mask, gamma=self.gamma, lam=self.lam)
        if self.whiten:
            chosen = advantage[mask]
            advantage = (advantage - chosen.mean()) / (chosen.std() + 1e-8)
        return Targets(advantage, returns, value)

    def loss(
        self, now: Evaluation, batch: TokenBatch, targets: Targets
    ) -> tuple[torch.Tensor, Stats]:
        if now.value is None or targets.returns is None or targets.value is None:
            raise ValueError("PPO needs a policy with a value head; use value_head=True")
        mask = batch.action_mask
        policy_loss, stats = ppo(now.logp, batch.logp, targets.advantage, mask, clip=self.clip)
        value_loss, _ = ppo_value(now.value, targets.value, targets.returns, mask)
        return policy_loss + self.value_coef * value_loss, stats | {"value_loss": value_loss}


@dataclass(frozen=True)
class RLOO(Algorithm):
    """REINFORCE with the leave-one-out baseline, a ratio per answer.

    Source: Ahmadian et al. 2024, arXiv:2402.14740.
    """

    clip: float = 0.2
    least_group = 2

    def targets(
        self,
        rewards: torch.Tensor,
        batch: TokenBatch,
        groups: torch.Tensor,
        value: torch.Tensor | None,
    ) -> Targets:
        return Targets(leave_one_out(rewards.sum(1), groups))

    def loss(
        self, now: Evaluation, batch: TokenBatch, targets: Targets
    ) -> tuple[torch.Tensor, Stats]:
        return rloo(now.logp, batch.logp, targets.advantage, batch.action_mask, clip=self.clip)


@dataclass(frozen=True)
class GRPO(Algorithm):
    """Group-relative advantages, a ratio per token.

    Attributes:
        std: "group" (as published), "batch" or "none" (climbs J_beta itself).
        aggregation: how tokens are averaged; see `losses.aggregate`.

    Source: Shao et al. 2024, arXiv:2402.03300; std="none": Liu et al. 2025, arXiv:2503.20783.
    """

    clip: float = 0.2
    std: Literal["group", "batch", "none"] = "group"
    aggregation: str = "sequence_mean"
    least_group = 2

    @property
    def per_token(self) -> bool:
        return self.aggregation == "token_mean"

    def targets(
        self,
        rewards: torch.Tensor,
        batch: TokenBatch,
        groups: torch.Tensor,
        value: torch.Tensor | None,
    ) -> Targets:
        return Targets(group(rewards.sum(1), groups, std=self.std))

    def loss(
        self, now: Evaluation, batch: TokenBatch, targets: Targets
    ) -> tuple[torch.Tensor, Stats]:
        return grpo(
            now.logp,
            batch.logp,
            targets.advantage,
            batch.action_mask,
            clip=self.clip,
            aggregation=self.aggregation,
        )
