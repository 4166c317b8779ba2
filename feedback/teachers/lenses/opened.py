"""Opened: what a learner sees, and of what is privileged only what is named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plaudit.envs import limits
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import opened
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
        shown = {name: opened(segment, name, "this teacher's lens") for name in self.fields}
        return replace(segment.view(), **shown)
