"""How a policy changes: losses and advantages as pure functions, policies, and trainers."""

from collections.abc import Callable
from typing import Any

from plaudit.agents import registry
from plaudit.envs.names import load


def loss(name: str) -> Callable[..., Any]:
    """The registered loss: a pure function of tensors that returns `(scalar, stats)`."""
    found: Callable[..., Any] = load("loss", name, registry.LOSSES)
    return found


def advantage(name: str) -> Callable[..., Any]:
    """The registered advantage: a pure function of tensors."""
    found: Callable[..., Any] = load("advantage", name, registry.ADVANTAGES)
    return found


def shaping(name: str) -> Callable[..., Any]:
    """The registered shaping: a pure function from rewards to rewards."""
    found: Callable[..., Any] = load("shaping", name, registry.SHAPINGS)
    return found


def policy(name: str, env: Any = None, **settings: Any) -> Any:
    """A new policy of the registered kind.

    Args:
        name: a key of `registry.POLICIES`.
        env: a world, single or vector; its spaces or its vocabulary are read off, where given.
        **settings: of the policy.

    Raises:
        KeyError: unknown name; the message names the nearest one.
        TypeError: the world has not what such a policy needs.
    """
    kind = load("policy", name, registry.POLICIES)
    if env is None:
        return kind(**settings)
    from plaudit.agents.policies.fitting import fitting

    return kind(**fitting(kind, env) | settings)


def make(name: str, env: Any, **settings: Any) -> Any:
    """A trainer of the registered kind on a world (a Gymnasium vector environment).

    Raises:
        KeyError: unknown name; the message names the nearest one.
    """
    return load("trainer", name, registry.TRAINERS)(env, **settings)
