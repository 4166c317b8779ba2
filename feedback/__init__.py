"""How somebody judges what happened: teachers, reward models and the wrappers that use them."""

from typing import Any

from plaudit.feedback import registry
from plaudit.feedback.programs import Named, made


def make(name: Named, **settings: Any) -> Any:
    """The `Teacher` registered under a name, with JSON-able settings.

    Args:
        name: or {"name": ..., setting: ...}, as wrappers save it; its settings come first.
        settings: of the teacher.

    Raises:
        KeyError: unknown name; the message names the nearest one.
        ValueError: settings that it doesn't take or lacks, or a value out of its range.
        TypeError: neither a name nor a mapping with one.
    """
    return made("teacher", name, registry.TEACHERS, settings)


def model(name: Named, **settings: Any) -> Any:
    """The `RewardModel` registered under a name, with JSON-able settings.

    Args:
        name: as `make`.
        settings: of the model.

    Raises:
        KeyError, ValueError, TypeError: as `make`.
    """
    return made("reward model", name, registry.MODELS, settings)
