"""Records that policies, rollouts, losses and trainers hand to one another."""

from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class TokenBatch:
    """Answers sampled from a token policy. Token in, token out: text is never tokenised again.

    Attributes:
        prompt_ids: (B, P) int64, padded on the left.
        prompt_mask: (B, P) bool, True where `prompt_ids` is not padding.
        tokens: (B, T) int64 sampled answer; pad id after the end token.
        action_mask: (B, T) bool, True where the policy chose the token (end token included).
        logp: (B, T) float32, nats, of the distribution sampled from (temperature and truncation
            included); 0 where masked.
        status: "ended" (end token), "length" (max_new reached) or "failed", per row.
    """

    prompt_ids: torch.Tensor
    prompt_mask: torch.Tensor
    tokens: torch.Tensor
    action_mask: torch.Tensor
    logp: torch.Tensor
    status: tuple[str, ...]

    def rows(self, index: torch.Tensor) -> "TokenBatch":
        """The rows named by an int64 index, (b,)."""
        return TokenBatch(
            self.prompt_ids[index],
            self.prompt_mask[index],
            self.tokens[index],
            self.action_mask[index],
            self.logp[index],
            tuple(self.status[i] for i in index.tolist()),
        )


@dataclass(frozen=True)
class Rollout:
    """A batch of answers, or of whole conversations, and what the world paid for them.

    In a conversation `batch.tokens` holds what was written and what was heard in reply, in one row;
    `batch.action_mask` tells them apart. A row that failed (the world broke, the context ran over)
    has no token that the policy chose, so nothing is learned from it; it is not scored 0.

    Attributes:
        batch: the sampled answers.
        rewards: (B, T) float32, the reward the learner sees, at the token it was paid for.
        groups: (B,) int64, rows with equal numbers began in the same state of the world.
        turns: (B, T) int64, number of the turn in which a token was written; 0 elsewhere.
        states: (B, T) int64, equal where the same was seen when the turn began; None for a world
            of one turn, in which equal groups say so.
        valid: share of tokens, or of texts in a conversation, that the world could take.
        costs: (B, T) what each token cost, where the world tells it apart from the reward.
        greedy_scores: (B,) what the likeliest answer to the same prompt earned, where asked for.
        true_scores: (B,) true return, for logs only; None where it is hidden.
        info: the world's info of each row's last step; only evaluators read it.
    """

    batch: TokenBatch
    rewards: torch.Tensor
    groups: torch.Tensor
    turns: torch.Tensor
    states: torch.Tensor | None = None
    valid: float = 1.0
    costs: torch.Tensor | None = None
    greedy_scores: torch.Tensor | None = None
    true_scores: torch.Tensor | None = None
    info: dict[str, Any] = field(default_factory=dict)
