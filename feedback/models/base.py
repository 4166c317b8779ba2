"""What a reward model is: fitted to a buffer of answers, asked for rewards in batches."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.store import FeedbackBuffer

Rewards = npt.NDArray[np.float32]


@runtime_checkable
class RewardModel(Protocol):
    """An ensemble that predicts the reward of every step.

    Attributes:
        scale: rationality assumed of whoever answered, 1 / unit of reward; rewards are learned in
            the unit in which P(first is better) = sigmoid(scale * difference of returns).
    """

    scale: float

    def fit(self, buffer: FeedbackBuffer, *, seed: int | None = None) -> dict[str, float]:
        """Learn from the answers; returns what happened, in numbers.

        Args:
            buffer: the answers; skips are ignored.
            seed: of this fit; None draws from the model's own stream.
        """
        ...

    def predict(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> tuple[Rewards, Rewards]:
        """Mean and standard deviation over members of the reward, (B, T) each; zeros before `fit`.

        Args:
            obs: (B, T, ...) what was seen before each action.
            actions: (B, T, ...).
        """
        ...

    def members(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Rewards:
        """The reward by each member, (M, B, T); arguments as `predict`."""
        ...

    def get_state(self) -> State: ...

    def set_state(self, state: State) -> None: ...
