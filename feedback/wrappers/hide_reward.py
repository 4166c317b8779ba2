"""HideReward: the true reward and everything that tells it are out of reach."""

from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs.types import Oracle, State
from plaudit.feedback.wrappers.base import (
    check_order,
    find,
    inner_state,
    set_inner_state,
    truth_of,
    without_truth,
)
from plaudit.feedback.wrappers.layer import Layer, VectorLayer

REFUSED = (
    "{what} would tell the hidden truth; declare privileged_simulator=True to allow it, "
    "and report that"
)


class _Guarded:
    """What both forms refuse unless the privilege is declared: all that would tell the truth."""

    env: Any
    privileged_simulator: bool

    def oracle(self, beta: float = 0.0) -> Oracle:
        self._allow("oracle")
        oracle: Oracle = find(self.env, "oracle")(beta)
        return oracle

    def render(self) -> Any:
        self._allow("render")
        return self.env.render()

    def get_state(self) -> State:
        self._allow("get_state")
        return inner_state(self.env)

    def set_state(self, state: State) -> None:
        self._allow("set_state")
        set_inner_state(self.env, state)

    def _allow(self, what: str) -> None:
        if not self.privileged_simulator:
            raise PermissionError(REFUSED.format(what=what))


class HideReward(_Guarded, Layer):
    """Return reward 0 and strip true rewards, components, success and outcome from the info.

    Args:
        env: any environment.
        privileged_simulator: allow `oracle`, `get_state`, `set_state` and `render`, which tell the
            truth; checkpoints of whatever stands outside need it.

    Raises:
        PermissionError: on one of these, undeclared.
    """

    def __init__(self, env: gym.Env[Any, Any], privileged_simulator: bool = False) -> None:
        super().__init__(env, privileged_simulator=privileged_simulator)
        check_order("HideReward", env)
        self.privileged_simulator = privileged_simulator
        self.truth: Any = None  # of the latest step, for the lens of a teacher outside only

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        return obs, without_truth(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        self.truth = truth_of(info, reward)
        return obs, 0.0, terminated, truncated, without_truth(info)


class VectorHideReward(_Guarded, VectorLayer):
    """The vector form of `HideReward`."""

    def __init__(
        self, env: gym.vector.VectorEnv[Any, Any, Any], privileged_simulator: bool = False
    ) -> None:
        super().__init__(env, privileged_simulator=privileged_simulator)
        check_order("HideReward", env)
        self.privileged_simulator = privileged_simulator
        self.truth: Any = None  # of the latest step, for the lens of a teacher outside only

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        return obs, without_truth(info)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        self.truth = truth_of(info, reward)
        return obs, np.zeros_like(reward), terminated, truncated, without_truth(info)
