"""Programs by name: the function that a JSON-able string, alone or with settings, stands for.

"words", "my_module:polite" and {"name": "contains", "text": "please"} are three such specs. A
callable stands for itself; it can't be written into a spec of a wrapper.

Source: own design.
"""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from plaudit.envs.names import nearest

Spec = str | Mapping[str, Any] | Callable[..., Any]
"""A name, "module:attr", {"name": either of them, setting: value ...}, or a callable."""

NOTHING: Mapping[str, str] = {}


def program(kind: str, spec: Spec, known: Mapping[str, str] = NOTHING) -> Callable[..., Any]:
    """The function behind a spec, its settings filled in.

    Args:
        kind: what it is, for messages, e.g. "criterion".
        spec: see `Spec`.
        known: name -> "module:attr".

    Raises:
        KeyError: an unknown name; the message names the nearest one.
        ValueError: no such module or attribute, or settings that it doesn't take or lacks.
        TypeError: the spec is none, or what it names can't be called.
    """
    if callable(spec):
        return spec
    name, settings = _parted(kind, spec)
    if name not in known and ":" not in name:
        raise KeyError(f"unknown {kind} {name!r}{nearest(name, known)}; or give 'module:attr'")
    try:
        found = pkgutil.resolve_name(known.get(name, name))
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"there is no {kind} {name!r}: {error}") from error
    if not callable(found):
        raise TypeError(f"{kind} {name!r} must be callable, got {found!r}")
    _check_settings(f"{kind} {name!r}", found, settings)
    return partial(found, **settings) if settings else found


def label(spec: Spec) -> str:
    """A spec in words, for messages."""
    if not isinstance(spec, str | Mapping):
        return getattr(spec, "__name__", type(spec).__name__)
    name, settings = _parted("program", spec)
    given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f"{name}({given})" if given else name


def _parted(kind: str, spec: Any) -> tuple[str, dict[str, Any]]:
    settings = {"name": spec} if isinstance(spec, str) else spec
    if not isinstance(settings, Mapping) or not isinstance(settings.get("name"), str):
        raise TypeError(
            f"a {kind} is a name, 'module:attr', {{'name': ..., setting: ...}} or a callable, "
            f"got {spec!r}"
        )
    settings = dict(settings)
    return settings.pop("name"), settings


def _check_settings(what: str, function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    parameters = inspect.signature(function).parameters.values()
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    takes_any = any(p.kind == p.VAR_KEYWORD for p in parameters)
    for name in settings:
        if not takes_any and name not in named:
            raise ValueError(f"{what} has no setting {name!r}{nearest(name, named)}")
    needed = [n for n, p in named.items() if p.kind == p.KEYWORD_ONLY and p.default is p.empty]
    lacking = [name for name in needed if name not in settings]
    if lacking:
        raise ValueError(f"{what} needs {', '.join(lacking)}; give {{'name': ..., setting: ...}}")
