"""Settings that all on-policy algorithms share."""

from dataclasses import dataclass

import numpy as np


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
    max_grad_norm: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("group_size", "updates", "epochs", "minibatches"):
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

    def prompts(self, rows: int) -> int:
        """Prompts of a batch of so many answers; ValueError if rows and group size do not fit."""
        if rows % self.group_size:
            raise ValueError(f"{rows} rows cannot be split into groups of {self.group_size}")
        return rows // self.group_size
