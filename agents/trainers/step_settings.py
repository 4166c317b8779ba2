"""Settings of the trainer of ordinary worlds."""

import math
from dataclasses import dataclass

CLIPPED_EPOCHS, CLIPPED_MINIBATCHES = 10, 4  # of losses that correct for older data
ADAM_EPSILON = 1e-5  # as MAPPO and Stable-Baselines3's PPO
FAR = 1.5  # times target_kl, where an update stops; as Stable-Baselines3


@dataclass(frozen=True)
class StepSettings:
    """Settings that all algorithms on ordinary worlds share.

    Attributes:
        steps: per row and update with a critic; without one, the longest episode.
        group_size: without a critic, episodes that begin in the same state G; the environment's
            rows must be a multiple of it.
        epochs: passes over each rollout; None for 10 where the loss corrects for older data by a
            ratio, as PPO's does, and 1 elsewhere.
        minibatches: pieces of a pass; None for 4 and 1.
        batch_size: steps per piece (episodes, without a critic), instead of `minibatches`.
        lr: Adam's step size. lr_decay: linear decay to this share of it over `updates`.
        entropy_coef: bonus per nat of entropy per step.
        max_grad_norm: of the clipped gradient.
        beta: pull towards a reference, reward units per nat of KL, >= 0.
        target_kl: nats per step; the update stops where the policy has moved 1.5 times as far.
        updates: planned number of updates, for the decay.
        seed: of the environment and the order of minibatches.
    """

    steps: int = 128
    group_size: int = 1
    epochs: int | None = None
    minibatches: int | None = None
    batch_size: int | None = None
    lr: float = 3e-4
    lr_decay: float = 1.0
    entropy_coef: float = 0.0
    max_grad_norm: float = 0.5
    beta: float = 0.0
    target_kl: float | None = None
    updates: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "group_size", "epochs", "minibatches", "batch_size", "updates"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"{name} must be at least 1, got {number}")
        if self.minibatches is not None and self.batch_size is not None:
            raise ValueError(
                f"give minibatches or batch_size, got {self.minibatches} and {self.batch_size}"
            )
        for name in ("beta", "lr", "entropy_coef"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be finite and >= 0, got {getattr(self, name)}")
        if not 0 <= self.lr_decay <= 1:
            raise ValueError(f"lr_decay must be in 0..1, got {self.lr_decay}")
        if self.target_kl is not None and not self.target_kl > 0:
            raise ValueError(f"target_kl must be above 0 nats, got {self.target_kl}")
        if not self.max_grad_norm > 0:
            raise ValueError(f"max_grad_norm must be above 0, got {self.max_grad_norm}")

    def passes(self, *, clipped: bool) -> int:
        """Epochs of an update.

        Args:
            clipped: whether the loss corrects for older data by a ratio.
        """
        return self.epochs or (CLIPPED_EPOCHS if clipped else 1)

    def pieces(self, rows: int, *, clipped: bool) -> int:
        """Minibatches of a pass.

        Args:
            rows: steps, or episodes without a critic.
            clipped: as in `passes`.
        """
        if self.batch_size is not None:
            return max(1, math.ceil(rows / self.batch_size))
        return self.minibatches or (CLIPPED_MINIBATCHES if clipped else 1)
