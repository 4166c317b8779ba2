"""Settings that all on-policy algorithms share."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from plaudit.feedback.programs import Spec

Filter = Literal["none", "variance", "best", "best_worst", "best_random"]


@dataclass(frozen=True)
class Settings:
    """Settings that all on-policy algorithms share.

    Attributes:
        beta: pull towards the reference, reward units per nat of KL, >= 0.
        group_size: answers per prompt G; the world's rows must be a multiple of it.
        lr: Adam's step size. lr_decay: linear decay to this share of it over `updates`.
        updates: planned number of updates, for the decay.
        epochs, minibatches: passes over each rollout, and pieces of a pass.
        micro_batch: rows per forward pass, to save memory, or None for all; gradients add up.
        entropy_coef: bonus per nat of entropy per token.
        entropy_target: nats per token that the bonus is adapted to, from `entropy_coef` on
            (see `losses.entropy.AdaptiveEntropy`), or None for a constant bonus.
        cost_limit: mean cost per answer that is allowed, in the unit of a `Constraint` around the
            world; its price adapts (see `advantages.lagrangian`). None: costs are not looked at.
        cost_price: that price to begin with, reward units per cost unit, in [1e-4, 5].
        cost_rate: step size of the price, at least 0; 0 keeps it as it is.
        filter: which answers are learned from: all ("none"), those of the groups whose scores
            spread most ("variance"), or a group's "best", "best_worst" or "best_random".
        filter_keep: share of groups, or of a group's answers, that is kept.
        shares: a function from a `Rollout` to (B, T) numbers, or its "module:attr", e.g. a reward
            model's attention (`rollout.attention`): an answer's return is paid along the answer in
            these proportions.
        potentials: the same for (B, T) potentials that shape the rewards.
        importance_cap: where sampling and training compute differently (bfloat16): recompute the
            log-probabilities of what was sampled, and weigh tokens by their ratio up to this cap.
        macro_rule: where macro actions end, for algorithms that have them: after `macro_length`
            tokens ("n_gram"), or where a token surprised the policy more than the one before
            ("perplexity").
        macro_length: tokens of a macro action.
        success: least reward of a right answer, for algorithms that sort into right and wrong.
        max_grad_norm: of the clipped gradient.
        seed: of prompts, answers and the order of minibatches.
    """

    beta: float = 0.1
    group_size: int = 4
    lr: float = 1e-3
    lr_decay: float = 1.0
    updates: int = 100
    epochs: int = 1
    minibatches: int = 1
    micro_batch: int | None = None
    entropy_coef: float = 0.0
    entropy_target: float | None = None
    cost_limit: float | None = None
    cost_price: float = 1.0
    cost_rate: float = 0.1
    filter: Filter = "none"
    filter_keep: float = 1.0
    shares: Spec | None = None
    potentials: Spec | None = None
    importance_cap: float | None = None
    macro_rule: Literal["n_gram", "perplexity"] = "n_gram"
    macro_length: int = 5
    success: float = 0.5
    max_grad_norm: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("group_size", "updates", "epochs", "minibatches", "macro_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
        for name in ("beta", "lr", "entropy_coef"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be finite and >= 0, got {getattr(self, name)}")
        if self.micro_batch is not None and self.micro_batch < 1:
            raise ValueError(f"micro_batch must be at least 1, got {self.micro_batch}")
        if not self.max_grad_norm > 0:
            raise ValueError(f"max_grad_norm must be above 0, got {self.max_grad_norm}")
        if not 0 <= self.lr_decay <= 1:
            raise ValueError(f"lr_decay must be in 0..1, got {self.lr_decay}")
        self._check_choices()

    def prompts(self, rows: int) -> int:
        """Prompts of a batch of so many answers; ValueError if rows and group size do not fit."""
        if rows % self.group_size:
            raise ValueError(f"{rows} rows cannot be split into groups of {self.group_size}")
        return rows // self.group_size

    def _check_choices(self) -> None:
        if self.filter == "none" and self.filter_keep < 1:
            raise ValueError(f"filter_keep={self.filter_keep} needs a filter, got filter='none'")
        if not np.isfinite(self.success):
            raise ValueError(f"success must be finite, got {self.success}")
        if self.macro_rule not in ("n_gram", "perplexity"):
            raise ValueError(f"macro_rule must be n_gram or perplexity, got {self.macro_rule!r}")
        if self.filter not in get_args(Filter):
            raise ValueError(
                f"filter must be one of {', '.join(get_args(Filter))}, got {self.filter!r}"
            )
        if not 0 < self.filter_keep <= 1:
            raise ValueError(f"filter_keep must be in (0, 1], got {self.filter_keep}")
        if self.importance_cap is not None and not self.importance_cap > 0:
            raise ValueError(f"importance_cap must be above 0 or None, got {self.importance_cap}")
