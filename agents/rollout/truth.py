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

Array = npt.NDArray[Any]


class Truth:
    """Adds up true rewards, row by row.

    Args:
        env: the world as it is played, with its wrappers.
    """

    def __init__(self, env: Any) -> None:
        self._hidden = is_hidden(env)
        self._total: npt.NDArray[np.float64] | float = 0.0

    def add(self, rewards: Array, info: dict[str, Any], live: npt.NDArray[np.bool_]) -> None:
        """Add one step: what was paid (B,), the step's info, and which rows played (B,)."""
        self._total = self._total + np.where(live, true_rewards(info, rewards), 0.0)

    @property
    def scores(self) -> torch.Tensor | None:
        """(B,) float32, the true return so far; None where it is hidden."""
        return None if self._hidden else torch.from_numpy(np.asarray(self._total)).float()


def is_hidden(env: Any) -> bool:
    """Whether a wrapper hides the truth, around the rows or around one of them.

    Args:
        env: the world as it is played, with its wrappers.
    """
    singles = getattr(env.unwrapped, "envs", ())
    whole = (layer for one in (env, *singles) for layer in layers(one))
    return any(type(layer).__name__ in HIDING for layer in whole)


def true_rewards(info: dict[str, Any], paid: Array) -> Array:
    """(N, ...) true rewards of a step: what was paid, unless the world says otherwise."""
    return told(info, "true_reward", paid)


def told(info: dict[str, Any], key: str, otherwise: Array) -> Array:
    """(N, ...) numbers of an info, of the step that was played, also where it ended an episode.

    Args:
        info: of a vector environment.
        key: what is read.
        otherwise: (N, ...) of rows of which the info does not say it.
    """
    # A wrapper outside speaks of the whole step, so what it says stands above the final info.
    places = [place for place in (info.get("final_info", {}), info) if key in place]
    if not places:
        return otherwise
    found = np.array(otherwise, np.float64)
    for place in places:
        rows = np.asarray(place.get(f"_{key}", np.ones(len(found), np.bool_)))
        found[rows] = np.asarray(place[key], np.float64)[rows]
    return found
