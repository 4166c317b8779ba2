"""The rows of a game of plaudit's own, in its vector form for all seats."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from plaudit.agents.rollout.truth import is_hidden, true_rewards
from plaudit.agents.seat_worlds.base import Array, Bools, Played, Scene, SeatWorld
from plaudit.envs.seats.game import NO_ACTION
from plaudit.envs.seats.table import MASK
from plaudit.envs.types import State
from plaudit.feedback.wrappers.base import inner_state, layers, set_inner_state


class JointRows(SeatWorld):
    """The rows of a game of plaudit's own.

    Args:
        env: a JointVectorEnv that begins anew in the same step, wrapped or not.

    Raises:
        ValueError: it does not.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        world: Any = env.unwrapped
        if world.autoreset_mode != AutoresetMode.SAME_STEP:
            raise ValueError(
                "rows must begin anew by themselves: make the environment with "
                f"autoreset_mode='SameStep', got {world.autoreset_mode}"
            )
        self.env, self._world = env, world
        self.num_envs, self.seats, self.hidden = env.num_envs, world.seats, is_hidden(env)
        self.observation_spaces = [world.rules.observation_space(seat) for seat in self.seats]
        self.action_spaces = [world.rules.action_space(seat) for seat in self.seats]

    def reset(self, seed: int) -> Scene:
        return self._scene(*self.env.reset(seed=seed))

    def step(self, actions: Sequence[Array]) -> tuple[Played, Scene]:
        joint = np.where(self._world.turn(), np.stack(actions, axis=1), NO_ACTION)
        obs, rewards, terminated, truncated, info = self.env.step(joint)
        over = terminated | truncated  # our games know no time limit beside their own end
        ends = np.repeat(over[:, None], len(self.seats), axis=1)
        truth = true_rewards(info, rewards)
        return Played(rewards, truth, ends, np.zeros_like(ends), over, None), self._scene(obs, info)

    def get_state(self) -> State:
        return inner_state(self.env)

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state)

    def described(self) -> list[str]:
        return [*(type(layer).__name__ for layer in layers(self.env)), repr(self._world.rules)]

    def _scene(self, obs: dict[str, Any], info: dict[str, Any]) -> Scene:
        legal: list[Bools | None] = []
        for seat in self.seats:
            told = info[seat].get(MASK)
            legal.append(None if told is None else np.asarray(told) != 0)
        return Scene([obs[seat] for seat in self.seats], legal, self._world.turn())
