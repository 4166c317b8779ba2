"""What is privileged about each row between two steps: the world's state, and a picture of it.

Both are read from the world itself, inside of all views and wrappers.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.types import State
from plaudit.feedback.shots import Shot, Shots
from plaudit.feedback.wrappers.base import AnyEnv

Ints = npt.NDArray[np.int64]


class Camera:
    """Takes a shot of every row.

    Args:
        env: what is stepped, single or vector.
        states: take the world's states.
        frames: take pictures.
        words: note what is read and said, in a world that shows words.

    Attributes:
        on: whether there is anything to take.

    Raises:
        TypeError: the world has no states, or makes no pictures.
        ValueError: SameStep resets a row before anybody could look at its end.
    """

    def __init__(self, env: AnyEnv, states: bool, frames: bool, words: bool = False) -> None:
        self.on = states or frames or words
        self._count: int = env.num_envs if isinstance(env, gym.vector.VectorEnv) else 1
        self._words = words
        self._env, self._states, self._frames = env, states, frames
        if states:
            check_states(env)
        if frames and env.render_mode != "rgb_array":
            raise TypeError(
                f"frames are pictures: make the environment with render_mode='rgb_array', "
                f"got {env.render_mode!r}"
            )
        same_step = env.metadata.get("autoreset_mode") == AutoresetMode.SAME_STEP
        self._final = same_step and isinstance(env, gym.vector.VectorEnv)
        if self._final and (frames or (states and not hasattr(env.unwrapped, "final_state"))):
            raise ValueError(
                "with autoreset_mode SameStep a row's last picture and, in this vector form, its "
                "last state are gone before anybody could look; make it with NextStep or Disabled"
            )
        if self._final and states:
            env.unwrapped.keeps_final_state = True  # type: ignore[union-attr]

    def shots(self, read: Sequence[Any] = (), said: Sequence[Any] = ()) -> Shots:
        """One of every row as it is now.

        Args:
            read: what each row is shown.
            said: its latest action; none after a reset.
        """
        states: Any = row_states(self._env) if self._states else None
        frames: Any = _frames(self._env) if self._frames else None
        return tuple(
            Shot(
                None if states is None else states[row],
                None if frames is None else frames[row],
                *(self._noted(row, read[row], said) if self._words else ()),
            )
            for row in range(self._count)
        )

    def before_reset(self, shots: Shots, ended: Ints) -> Shots:
        """The shots as they were before SameStep reset the rows that ended in this step."""
        if not self._final:
            return shots
        final = list(shots)
        for row, shot in zip(ended.tolist(), self.finals(ended), strict=True):
            final[row] = shot
        return tuple(final)

    def finals(self, ended: Ints, read: Sequence[Any] = (), said: Sequence[Any] = ()) -> Shots:
        """Those of rows before SameStep reset them, because they ended in this step.

        Args:
            ended: (n,) which rows.
            read: (n,) what they were shown then.
            said: (N,) the latest actions of all rows.
        """
        world: Any = self._env.unwrapped
        return tuple(
            Shot(
                world.row_state(row, world.final_state) if self._states else None,
                None,
                *(self._noted(row, read[place], said) if self._words else ()),
            )
            for place, row in enumerate(ended.tolist())
        )

    @staticmethod
    def _noted(row: int, read: Any, said: Sequence[Any]) -> tuple[str, str]:
        return str(said[row]) if len(said) else "", str(read)


def check_states(env: AnyEnv) -> None:
    """Refuse a world whose states can't be told row by row.

    Args:
        env: what is stepped, single or vector.

    Raises:
        TypeError: the world has no get_state, or its vector form none for each row.
    """
    world: Any = env.unwrapped
    if hasattr(world, "row_state"):
        return
    rows = getattr(world, "envs", None) if isinstance(world, gym.vector.VectorEnv) else [world]
    if not rows or not all(hasattr(row.unwrapped, "get_state") for row in rows):
        raise TypeError(
            f"states=True needs a world with get_state and, of a vector form, row_state; "
            f"{type(world).__name__} has none"
        )


def row_states(env: AnyEnv) -> list[State]:
    """The present state of each row, as the world's single form gives it; fresh copies.

    Args:
        env: what is stepped, single or vector; `check_states` says whether this works.
    """
    world: Any = env.unwrapped
    if not isinstance(env, gym.vector.VectorEnv):
        return [world.get_state()]
    if hasattr(world, "row_state"):
        state = world.get_state()
        return [world.row_state(row, state) for row in range(env.num_envs)]
    return [row.unwrapped.get_state() for row in world.envs]


def _frames(env: AnyEnv) -> list[npt.NDArray[np.uint8]]:
    """A picture of every row."""
    pictures: Any = env.render()
    if not isinstance(env, gym.vector.VectorEnv):
        return [np.array(pictures)]
    if not isinstance(pictures, tuple | list) or len(pictures) != env.num_envs:
        raise TypeError(
            f"frames=True needs one picture per row from render, got {type(pictures).__name__}"
        )
    return [np.array(picture) for picture in pictures]
