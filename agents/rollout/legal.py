"""Which actions are legal now: `info["action_mask"]`, or else the environment's `action_masks()`.

Rows of which the info says nothing may do anything. Environments in other processes can be told
from by their infos only.

Source: own design; `action_masks` is the method that sb3-contrib's MaskablePPO asks for.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import SyncVectorEnv, VectorEnv

from plaudit.envs.vector import NativeVectorEnv
from plaudit.feedback.wrappers.base import find

AnyVector = VectorEnv[Any, Any, Any]
Bools = npt.NDArray[np.bool_]


def legal_reader(env: AnyVector, choices: int) -> Callable[[dict[str, Any]], Bools | None]:
    """A function from an info to the legal actions (N, choices), or None where all are legal.

    Args:
        env: any vector environment, wrapped as you like.
        choices: columns of a mask; 0 where actions cannot be masked.
    """
    ask = _asked(env) if choices else None

    def read(info: dict[str, Any]) -> Bools | None:
        if not choices:
            return None
        told = info.get("action_mask")
        if told is None:
            return None if ask is None else ask()
        legal: Bools = np.asarray(told) != 0
        rows = info.get("_action_mask")
        if rows is not None and not rows.all():
            legal[~rows] = True
        return legal

    return read


def _asked(env: AnyVector) -> Callable[[], Bools] | None:
    """Ask an environment itself, where its info says nothing; ours say so where it matters."""
    world: Any = env.unwrapped
    if isinstance(world, NativeVectorEnv):
        return None
    try:
        method = find(env, "action_masks")
    except AttributeError:
        if not (
            isinstance(world, SyncVectorEnv) and world.envs[0].has_wrapper_attr("action_masks")
        ):
            return None
        return lambda: np.stack(world.call("action_masks")) != 0
    return lambda: np.asarray(method()) != 0
