"""HideReward: the true reward and everything that tells it are out of reach."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from plaudit.envs.types import Oracle, State
from plaudit.feedback.wrappers.base import (
    check_order,
    find,
    inner_state,
    set_inner_state,
    truth_of,
    without_truth,
)

REFUSED = (
    "{what} would tell the hidden truth; declare privileged_simulator=True to allow it, "
    "and report that"
)


class HideReward(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Return reward 0 and strip true rewards, components, success and outcome from the info.

    Args:
        env: any environment.
        privileged_simulator: allow `oracle`, `get_state`, `set_state` and `render`, which tell the
            truth; checkpoints of whatever stands outside need it.

    Raises:
        PermissionError: on one of these, undeclared.
    """

    def __init__(self, env: gym.Env[Any, Any], privileged_simulator: bool = False) -> None:
        RecordConstructorArgs.__init__(self, privileged_simulator=privileged_simulator)
        gym.Wrapper.__init__(self, env)
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

    def oracle(self, beta: float = 0.0) -> Oracle:
        _allow(self.privileged_simulator, "oracle")
        oracle: Oracle = find(self.env, "oracle")(beta)
        return oracle

    def render(self) -> Any:
        _allow(self.privileged_simulator, "render")
        return self.env.render()

    def get_state(self) -> State:
        _allow(self.privileged_simulator, "get_state")
        return inner_state(self.env)

    def set_state(self, state: State) -> None:
        _allow(self.privileged_simulator, "set_state")
        set_inner_state(self.env, state)


class VectorHideReward(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """The vector form of `HideReward`."""

    def __init__(
        self, env: gym.vector.VectorEnv[Any, Any, Any], privileged_simulator: bool = False
    ) -> None:
        super().__init__(env)
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

    def oracle(self, beta: float = 0.0) -> Oracle:
        _allow(self.privileged_simulator, "oracle")
        oracle: Oracle = find(self.env, "oracle")(beta)
        return oracle

    def get_state(self) -> State:
        _allow(self.privileged_simulator, "get_state")
        return inner_state(self.env)

    def set_state(self, state: State) -> None:
        _allow(self.privileged_simulator, "set_state")
        set_inner_state(self.env, state)


def _allow(privileged: bool, what: str) -> None:
    if not privileged:
        raise PermissionError(REFUSED.format(what=what))
