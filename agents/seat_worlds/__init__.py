"""Worlds of several seats, whoever made them, in the form that a team plays.

| given | rows |
|---|---|
| a `JointVectorEnv`, wrapped or not | its own |
| PettingZoo parallel environments, ours or others', wrapped or not | one each |
"""

from typing import Any

from gymnasium.vector import VectorEnv
from pettingzoo import AECEnv, ParallelEnv

from plaudit.agents.seat_worlds.base import SeatWorld
from plaudit.agents.seat_worlds.joint_rows import JointRows
from plaudit.agents.seat_worlds.parallel_rows import ParallelRows
from plaudit.envs.seats.vector import JointVectorEnv


def seat_world(env: Any) -> SeatWorld:
    """The rows of a world of several seats.

    Args:
        env: a JointVectorEnv, a PettingZoo parallel environment, or a sequence of these, alike.

    Raises:
        TypeError: it is something else; the message says what to use instead.
        ValueError: rows do not begin anew by themselves, or parallel environments differ.
    """
    if isinstance(env, SeatWorld):
        return env
    if isinstance(env, VectorEnv) and isinstance(env.unwrapped, JointVectorEnv):
        return JointRows(env)
    envs = list(env) if isinstance(env, list | tuple) else [env]
    if envs and all(isinstance(one, ParallelEnv) for one in envs):
        return ParallelRows(envs)
    turns = isinstance(envs[0], AECEnv) if envs else False
    instead = "; convert it with pettingzoo.utils.aec_to_parallel" if turns else ""
    raise TypeError(
        "expected a JointVectorEnv or PettingZoo parallel environments, whose seats all learn, got "
        f"{env!r}{instead}"
    )
