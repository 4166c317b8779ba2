"""Programs by name: the function that a JSON-able string, alone or with settings, stands for.

"words", "my_module:polite" and {"name": "contains", "text": "please"} are three such specs. A
callable stands for itself; it can't be written into a spec of a wrapper.

Source: own design.
"""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Unpack, get_args, get_origin

from plaudit.envs.names import load, nearest

Spec = str | Mapping[str, Any] | Callable[..., Any]
"""A name, "module:attr", {"name": either of them, setting: value ...}, or a callable."""

Named = str | Mapping[str, Any]
"""What wrappers can save of a teacher or a model: a name, or {"name": ..., setting: value ...}."""

NOTHING: Mapping[str, str] = {}

EXAMPLES: Mapping[str, Any] = {
    "actions": 4,
    "agent": "player_1",
    "directory": "answers",
    "features": ["speed", "comfort"],
    "items": ["it is polite"],
    "scorer": "my_module:log_probs",
    "steps": 10,
    "values": "my_module:values",
    "weights": [1.0, -0.5],
    "world": "plaudit/Delivery-v0",
}
"""Values of settings that somebody may forget, for messages."""


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
    check_settings(f"{kind} {name!r}", found, settings)
    return partial(found, **settings) if settings else found


def made(kind: str, spec: Named, table: Mapping[str, str], more: Mapping[str, Any]) -> Any:
    """What is registered under a name, made with its settings.

    Args:
        kind: as `program`, e.g. "teacher".
        spec: see `Named`.
        table: name -> "module:attr".
        more: settings that hold where the spec does not give them itself.

    Raises:
        KeyError: an unknown name; the message names the nearest one.
        ValueError: settings that it doesn't take or lacks.
        TypeError: the spec is none.
    """
    name, settings = _parted(kind, spec, ", which can be saved")
    maker = load(kind, name, table)
    settings = {**more, **settings}
    what = f"{kind} {name!r}"
    check_settings(what, maker, settings, called=False)
    return maker(**settings)


def label(spec: Spec) -> str:
    """A spec in words, for messages."""
    if not isinstance(spec, str | Mapping):
        return getattr(spec, "__name__", type(spec).__name__)
    name, settings = _parted("program", spec)
    given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f"{name}({given})" if given else name


def check_settings(
    what: str, function: Callable[..., Any], settings: Mapping[str, Any], called: bool = True
) -> None:
    """Refuse settings that a function doesn't take or lacks; ValueError.

    Args:
        what: it is, for messages, e.g. "teacher 'coach'".
        function: what takes the settings.
        settings: all of them.
        called: whether somebody will call it with what comes first; else it takes settings alone.
    """
    parameters = inspect.signature(function).parameters.values()
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    rest = [p for p in parameters if p.kind == p.VAR_KEYWORD]
    # **judgement: Unpack[Judgement] takes what `Judgement` names.
    unpacked = [get_args(p.annotation)[0] for p in rest if get_origin(p.annotation) is Unpack]
    typed = [key for settings_of in unpacked for key in settings_of.__annotations__]
    known = [*named, *typed]
    for name in settings:
        if name not in known and (typed or not rest):
            raise ValueError(f"{what} has no setting {name!r}{nearest(name, known)}")
    lacking = [
        name
        for name, p in named.items()
        if p.default is p.empty and name not in settings
        if p.kind == p.KEYWORD_ONLY or not called
    ]
    if lacking:
        likely = [f"{name}={EXAMPLES[name]!r}" for name in lacking if name in EXAMPLES]
        hint = f", e.g. {', '.join(likely)}" if likely else "; give {'name': ..., setting: ...}"
        raise ValueError(f"{what} needs {', '.join(lacking)}{hint}")


def _parted(
    kind: str, spec: Any, end: str = ", 'module:attr' or a callable"
) -> tuple[str, dict[str, Any]]:
    settings = {"name": spec} if isinstance(spec, str) else spec
    if not isinstance(settings, Mapping) or not isinstance(settings.get("name"), str):
        raise TypeError(f"a {kind} is a name or {{'name': ..., setting: ...}}{end}, got {spec!r}")
    settings = dict(settings)
    return settings.pop("name"), settings
