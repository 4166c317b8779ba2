"""In which order views and wrappers stand around a world."""

from typing import Any

import gymnasium as gym

from plaudit.envs.types import State

ORDER = "the order is world -> SeatView -> TextView -> TokenView | ByteView"
OUTSIDE = (
    "RecordSegments",
    "HideReward",
    "Constraint",
    "TeacherReward",
    "ScalarFeedback",
    "LearnedReward",
    "LanguageFeedback",
    "Advice",
    "ReferenceLogProb",
    "RecordEpisodeStatistics",
)  # by name, since envs does not import feedback


LAST = ("TokenView", "ByteView")  # views around which no other stands


def check_inside(name: str, env: gym.Env[Any, Any]) -> None:
    """Refuse, with TypeError, to put a view around a wrapper that belongs outside of it."""
    while isinstance(env, gym.Wrapper):
        found = type(env).__name__
        if found in (name, *LAST):
            raise TypeError(f"{name} cannot stand around {found}; {ORDER}")
        if found in OUTSIDE:
            raise TypeError(f"{name} belongs inside {found}, not around it; {ORDER} -> {found}")
        env = env.env


def restore(env: gym.Env[Any, Any], state: State) -> None:
    """`set_state` of what a view is around, which need not have been reset before."""
    layer = env
    while isinstance(layer, gym.Wrapper):
        if isinstance(layer, gym.wrappers.OrderEnforcing) and not layer.has_reset:
            env.reset()  # it refuses steps before a reset
            break
        layer = layer.env
    env.get_wrapper_attr("set_state")(state)
