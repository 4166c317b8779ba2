"""Work that is done once per segment, however often a teacher is asked about it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from plaudit.feedback.types import Segment

Found = TypeVar("Found")
More = ParamSpec("More")


def once_per_segment(
    method: Callable[Concatenate[Any, Segment, More], Found],
) -> Callable[Concatenate[Any, Segment, More], Found]:
    """A pure method of a segment whose answer is kept as long as the segment lives.

    Args:
        method: (self, segment, ...) -> anything that nobody changes afterwards and that does not
            refer to the segment; further arguments must be hashable.
    """
    name = f"_{method.__name__} by segment"

    @wraps(method)
    def remembered(self: Any, seen: Segment, /, *more: More.args, **named: More.kwargs) -> Found:
        # In the instance's own dict, where `cached_property` keeps things of frozen records too.
        known: WeakKeyDictionary[Segment, dict[Any, Found]]
        known = vars(self).setdefault(name, WeakKeyDictionary())
        found = known.setdefault(seen, {})
        key = more, tuple(named.items())
        if key not in found:
            found[key] = method(self, seen, *more, **named)
        return found[key]

    return remembered
