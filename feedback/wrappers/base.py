"""What feedback wrappers share: their order, where the truth goes, and saved states."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.timeline import copied

ORDER = (
    "TextView",
    "TokenView | ByteView",
    "RecordSegments",
    "Constraint",
    "HideReward",
    "TeacherReward | LearnedReward | ScalarFeedback",
    "LanguageFeedback",
    "Advice",
    "ReferenceLogProb",
    "RecordEpisodeStatistics",
)
EVAL_KEYS = (
    "reward_components",
    "success",
    "outcome",
    "held_out",
    "cost",
    "total_cost",
    "harm_cost",
)  # what a world tells that a learner must not read
TRUTH_KEYS = ("true_reward", "eval")  # where it stands once a wrapper has set it aside
TOLD = frozenset({*EVAL_KEYS, *(f"_{key}" for key in EVAL_KEYS)})  # with Gymnasium's masks
SET_ASIDE = frozenset({*TRUTH_KEYS, *(f"_{key}" for key in TRUTH_KEYS)})

AnyEnv = gym.Env[Any, Any] | gym.vector.VectorEnv[Any, Any, Any]


def layers(env: AnyEnv) -> Iterator[AnyEnv]:
    """The environment and all it wraps, from the outside in."""
    while True:
        yield env
        if not isinstance(env, gym.Wrapper | gym.vector.VectorWrapper):
            return
        env = env.env


def inner(env: AnyEnv, name: str) -> Any | None:
    """The wrapper of a kind within `env`, by its class name without "Vector", or None."""
    for layer in layers(env):
        if type(layer).__name__.removeprefix("Vector") == name:
            return layer
    return None


def check_order(name: str, env: AnyEnv, needs: str | None = None) -> None:
    """Refuse a chain of wrappers in a wrong order.

    Args:
        name: the wrapper about to be put around `env`.
        env: what it wraps.
        needs: a wrapper that must be inside.

    Raises:
        TypeError: `env` already holds a wrapper that belongs outside, or lacks the needed one.
    """
    rank = next(i for i, names in enumerate(ORDER) if name in names.split(" | "))
    right = " -> ".join(["world", *ORDER])
    for layer in layers(env):
        found = type(layer).__name__.removeprefix("Vector")
        if any(found in names.split(" | ") for names in ORDER[rank:]):
            raise TypeError(f"{name} belongs inside {found}, not around it; the order is {right}")
    if needs and inner(env, needs) is None:
        raise TypeError(f"{name} needs {needs} inside; the order is {right}")


def set_truth_aside(info: dict[str, Any], reward: Any, hidden: bool) -> dict[str, Any]:
    """The info of a feedback wrapper: true reward and outcome where only evaluation looks.

    What stands at the top beside an "eval" is no world's truth but a wrapper's signal, e.g. the
    cost of a Constraint, and stays.

    Args:
        info: of the inner environment; not modified.
        reward: the true reward, float or (N,).
        hidden: a HideReward is inside, so there is no truth to show.
    """
    if hidden:
        return dict(info)
    out, aside = _parted(info)
    if "final_info" in out:
        out["final_info"] = set_truth_aside(out["final_info"], None, hidden)
    if aside:
        out["eval"] = aside
        told = _anybody(aside)
        if told is not None:
            out["_eval"] = told
    if reward is not None:
        reward = out["true_reward"] = truth_of(info, reward)
        if isinstance(reward, np.ndarray):
            out["_true_reward"] = _everybody(len(reward)).copy()
    return out


def without_truth(info: dict[str, Any]) -> dict[str, Any]:
    """The info without true reward and outcome, wherever they stand; signals stay."""
    told = () if "eval" in info else TOLD
    out = {k: v for k, v in info.items() if k not in told and k not in SET_ASIDE}
    if "final_info" in out:
        out["final_info"] = without_truth(out["final_info"])
    return out


def _parted(info: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a learner may read, and what only an evaluator may and has not been set aside yet."""
    if "eval" in info:
        return dict(info), {}
    if info.keys() <= TOLD:  # nearly always, and a fifth of what the loop costs
        return {}, info.copy()
    out: dict[str, Any] = {}
    aside: dict[str, Any] = {}
    for key, value in info.items():
        if key in TOLD:
            aside[key] = value
        else:
            out[key] = value
    return out, aside


def _anybody(aside: dict[str, Any]) -> Any | None:
    """(N,) where any of the masks is set, None without; mostly the first is set everywhere."""
    union = None
    for key, value in aside.items():
        if key[0] != "_":
            continue
        if union is None:
            union = value
        elif False in union.tobytes():  # a quarter of what count_nonzero costs
            union = union | value
        else:
            break
    return union


@cache
def _everybody(count: int) -> npt.NDArray[np.bool_]:
    return np.ones(count, np.bool_)


def truth_of(info: dict[str, Any], reward: Any) -> Any:
    """The true reward of a step, float or (N,): what was paid, unless the world says otherwise."""
    told = info.get("true_reward", reward)
    final = info.get("final_info", {})  # an episode's last step, where the next one has begun
    if "true_reward" not in final:
        return told
    return np.where(info["_final_info"], final["true_reward"], told)


def inner_state(env: AnyEnv) -> State:
    """`get_state` of the nearest layer that has it."""
    for layer in layers(env):
        if "get_state" in dir(type(layer)):
            state: State = layer.get_state()  # type: ignore[union-attr]
            return state
    raise TypeError(f"{env} cannot be saved: no layer of it has get_state")


def set_inner_state(env: AnyEnv, state: State) -> None:
    """`set_state` of the nearest layer that has it."""
    for layer in layers(env):
        if isinstance(layer, gym.wrappers.OrderEnforcing) and not layer.has_reset:
            layer.reset()  # it would refuse to step a world that was restored but never reset
        if "set_state" in dir(type(layer)):
            layer.set_state(state)  # type: ignore[union-attr]
            return
    raise TypeError(f"{env} cannot be restored: no layer of it has set_state")


def find(env: AnyEnv, name: str) -> Any:
    """An attribute of the outermost layer that has it; AttributeError if none does."""
    for layer in layers(env):
        if hasattr(layer, name):
            return getattr(layer, name)
    raise AttributeError(f"no layer of {env} has {name!r}")


def env_id(env: AnyEnv) -> str:
    """The registered id of what is wrapped, or its class name."""
    spec = env.unwrapped.spec
    return spec.id if spec is not None else type(env.unwrapped).__name__


def final_observations(info: dict[str, Any], obs: Any, over: Any) -> Any:
    """(N, ...) what the step led to: `final_obs` where an auto-reset replaced the observation."""
    if "final_obs" not in info:
        return obs
    after, rows = np.array(obs), np.flatnonzero(over)
    if len(rows):
        after[rows] = copied(info["final_obs"][rows].tolist())()
    return after
