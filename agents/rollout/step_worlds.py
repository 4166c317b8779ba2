"""Worlds that a policy acts in step by step: which of them fit it, and what of them is saved."""

from typing import Any

from gymnasium.spaces import Discrete
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from plaudit.agents.policies.vector import VectorPolicy
from plaudit.envs.types import State
from plaudit.feedback.wrappers.base import find, inner_state, layers, set_inner_state

AnyVector = VectorEnv[Any, Any, Any]


def check_steps(env: Any, policy: Any) -> AutoresetMode:
    """How a vector environment begins anew that a policy can play.

    Args:
        env: any Gymnasium vector environment of one seat.
        policy: has the environment's spaces.

    Raises:
        TypeError: `env` is a single environment or one of several seats, or `policy` no policy of
            vector environments.
        ValueError: the spaces differ, the environment does not say how it begins anew, or it cannot
            be stepped on while some of its rows are over.
    """
    if not isinstance(env, VectorEnv):
        raise TypeError(
            "expected a vector environment, as gym.make_vec(id, num_envs) makes it; of a single "
            f"environment LoopVectorEnv([lambda: env]) makes one, got {env!r}"
        )
    if hasattr(env.unwrapped, "seats"):
        raise TypeError(f"expected an environment of one seat, got {env}; name a seat to play")
    if not isinstance(policy, VectorPolicy):
        raise TypeError(
            f"expected a policy that acts step by step, such as ActorCritic, got {policy!r}"
        )
    for name in ("observation_space", "action_space"):
        mine, its = getattr(policy, name), getattr(env, f"single_{name}")
        if mine != its:
            raise ValueError(f"the policy's {name} is {mine}, the environment's {its}")
    mode = env.metadata.get("autoreset_mode")
    if not isinstance(mode, AutoresetMode):
        raise ValueError(
            f"the environment's metadata must say its autoreset_mode, a gymnasium.vector."
            f"AutoresetMode; got {mode!r}"
        )
    gymnasiums = isinstance(env.unwrapped, SyncVectorEnv | AsyncVectorEnv)
    if gymnasiums and mode == AutoresetMode.DISABLED:
        raise ValueError(
            f"{type(env.unwrapped).__name__} with autoreset_mode='Disabled' takes no step while a "
            "row of it is over: make the environment with 'SameStep' or 'NextStep'"
        )
    return mode


def check_watched(env: Any, policy: Any) -> None:
    """Hold that a policy can play a world whose rows are watched without a break.

    Args:
        env: the world.
        policy: would play.

    Raises:
        TypeError, ValueError: see `check_steps`; or rows begin anew in another way than in the same
            step.
    """
    mode = check_steps(env, policy)
    if mode != AutoresetMode.SAME_STEP:
        raise ValueError(
            "rows are watched without a break: make the world with autoreset_mode='SameStep', "
            f"got {mode}"
        )


def tell_policy(env: AnyVector, policy: VectorPolicy) -> None:
    """Tell teachers inside the policy, where there is somebody to be told.

    Args:
        env: the world; also one that is a loop over single ones.
        policy: only one of Discrete actions has odds that can be told.
    """
    if not isinstance(policy.action_space, Discrete):
        return
    for one in (env, *getattr(env.unwrapped, "envs", [])):
        try:
            tell = find(one, "set_policy")
        except AttributeError:
            continue
        tell(policy.probs)


def saved(env: AnyVector) -> State | None:
    """The state of a world with its wrappers; None of a foreign one, which has none.

    A run that goes on with such a world begins its episodes anew, from a seed: nothing learned is
    lost, but the run does not end bit-equal.

    Raises:
        TypeError: a wrapper has a state, and the world within has none.
    """
    if any("get_state" in dir(type(layer)) for layer in layers(env)):
        return inner_state(env)
    return None


def restore(env: AnyVector, state: State | None) -> None:
    """Go back to what `saved` gave."""
    if state is not None:
        set_inner_state(env, state)
