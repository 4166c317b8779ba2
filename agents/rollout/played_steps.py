"""One episode per row under any way to act, step by step, for evaluators.

What was seen, done and truly paid, as arrays (N, T, ...) that reward models read. Any vector
environment will do, one from elsewhere too; the way to act is a function, so policies of any
library fit: `lambda obs: model.predict(obs, deterministic=True)[0]`.

Source: own design.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.agents.rollout.truth import true_rewards

Array = npt.NDArray[Any]


class PlayedSteps(NamedTuple):
    """N episodes of at most T steps.

    Attributes:
        obs: (N, T, ...) seen before each action.
        actions: (N, T, ...).
        rewards: (N, T) true rewards, 0 behind an episode's end.
        mask: (N, T) bool, False behind an episode's end.
    """

    obs: Array
    actions: Array
    rewards: npt.NDArray[np.float64]
    mask: npt.NDArray[np.bool_]

    @property
    def returns(self) -> npt.NDArray[np.float64]:
        """(N,) true return of each episode, undiscounted."""
        total: npt.NDArray[np.float64] = self.rewards.sum(1)
        return total


def played_steps(
    act: Callable[[Array], Array], env: AnyVector, seeds: int | Sequence[int]
) -> PlayedSteps:
    """Play every row from its reset to the end of its first episode.

    Args:
        act: observations (N, ...) -> actions (N, ...).
        env: with observations in one array; rows may begin anew, which is not kept.
        seeds: of the rows, or of the first, as `reset` takes them.

    Raises:
        TypeError: observations are no array.
    """
    obs, _ = env.reset(seed=seeds)  # type: ignore[arg-type]
    if not isinstance(obs, np.ndarray):
        raise TypeError(f"played_steps needs observations in one array, got {type(obs).__name__}")
    seen, done, paid, chosen = [], [], [], []
    live = np.ones(env.num_envs, np.bool_)
    while live.any():
        seen.append(obs.copy())
        done.append(np.array(act(obs)))
        obs, reward, terminated, truncated, info = env.step(done[-1])
        paid.append(np.where(live, true_rewards(info, reward), 0.0))
        chosen.append(live)
        live = live & ~(terminated | truncated)
    by_row = [np.stack(column, 1) for column in (seen, done, paid, chosen)]
    return PlayedSteps(*by_row)
