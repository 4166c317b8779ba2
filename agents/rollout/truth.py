"""The true return of what was played, for the log: no learner reads it.

A feedback wrapper that pays something else leaves the true reward in `info["true_reward"]`;
`HideReward` takes it away, and then nobody knows.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from plaudit.feedback.wrappers.base import layers

HIDING = ("HideReward", "VectorHideReward")


class Truth:
    """Adds up true rewards, row by row.

    Args:
        env: the world as it is played, with its wrappers.
    """

    def __init__(self, env: Any) -> None:
        self._hidden = any(type(layer).__name__ in HIDING for layer in layers(env))
        self._total: npt.NDArray[np.float64] | float = 0.0

    def add(
        self, rewards: npt.NDArray[Any], info: dict[str, Any], live: npt.NDArray[np.bool_]
    ) -> None:
        """Add one step: what was paid (B,), the step's info, and which rows played (B,)."""
        truth = np.asarray(info.get("true_reward", rewards))
        self._total = self._total + np.where(live, truth, 0.0)

    @property
    def scores(self) -> torch.Tensor | None:
        """(B,) float32, the true return so far; None where it is hidden."""
        return None if self._hidden else torch.from_numpy(np.asarray(self._total)).float()
