"""How somebody judges what happened: teachers, reward models and the wrappers that use them."""

from typing import Any

from plaudit.envs.names import load
from plaudit.feedback import registry


def make(name: str, **settings: Any) -> Any:
    """The `Teacher` registered under a name, with JSON-able settings.

    Raises:
        KeyError: unknown name; the message names the nearest one.
    """
    return load("teacher", name, registry.TEACHERS)(**settings)


def model(name: str, **settings: Any) -> Any:
    """The `RewardModel` registered under a name, with JSON-able settings.

    Raises:
        KeyError: unknown name; the message names the nearest one.
    """
    return load("reward model", name, registry.MODELS)(**settings)
