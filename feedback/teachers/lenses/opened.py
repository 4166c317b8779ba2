"""Opened: what a learner sees, and of what is privileged only what is named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plaudit.envs import limits
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.types import Segment

PRIVILEGED = ("rewards", "states", "frames", "others")


@dataclass(frozen=True)
class Opened:
    """A segment as a learner sees it, and some of what is privileged.

    Source: own design.

    Args:
        fields: some of "rewards", "states", "frames" and "others".

    Raises:
        ValueError: an unknown field; when looking, a segment that carries none of it.
    """

    fields: Sequence[str] = ()

    def __post_init__(self) -> None:
        limits.keep(self, fields=limits.check_names("fields", self.fields, PRIVILEGED, "fields", 0))

    @once_per_segment
    def __call__(self, segment: Segment) -> Segment:
        opened = {name: getattr(segment, name) for name in self.fields}
        for name, found in opened.items():
            if found is None or (name == "others" and not found):
                raise ValueError(
                    f"this teacher's lens opens the {name} of {segment.ref}, but the segment "
                    "carries none; record it with them"
                )
        return replace(segment.view(), **opened)
