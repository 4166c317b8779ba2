"""Masked: some entries of the observations are hidden from the teacher."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import true_rewards
from plaudit.feedback.types import Array, Segment


@dataclass(frozen=True)
class Masked:
    """Blanks entries of the observations; all that is privileged is closed, and so is the text.

    Source: own design; partial observation by evaluators: arXiv:2402.17747.

    Args:
        keep: places of the entries seen, in flattened observations; negative ones count from the
            end. Give this or `hide`.
        hide: places of the entries hidden.
        fill: what stands in their place.
        text: show the text too, which may tell what is hidden.
        rewards: open the true rewards.

    Raises:
        ValueError: neither or both of keep and hide; when looking, a place that observations don't
            have, a fill that their type can't hold, or no rewards to open.
    """

    keep: Sequence[int] | None = None
    hide: Sequence[int] | None = None
    fill: float = 0.0
    text: bool = False
    rewards: bool = False

    def __post_init__(self) -> None:
        if (self.keep is None) == (self.hide is None):
            raise ValueError(f"give keep or hide, one of them: got {self.keep} and {self.hide}")
        limits.keep_flags(self, "text", "rewards")

    @once_per_segment
    def __call__(self, segment: Segment) -> Segment:
        return replace(
            segment.view(),
            obs=self._masked(segment),
            text=segment.text if self.text else None,
            rewards=true_rewards(segment, "Masked") if self.rewards else None,
        )

    def _masked(self, segment: Segment) -> Array:
        flat = segment.obs.reshape(len(segment.obs), int(np.prod(segment.obs.shape[1:]))).copy()
        fill = np.asarray(self.fill).astype(flat.dtype)
        if not np.array_equal(fill, self.fill, equal_nan=True):
            raise ValueError(f"observations are {flat.dtype}, which can't hold fill={self.fill}")
        named = np.zeros(flat.shape[1], np.bool_)
        named[self._places(len(named))] = True
        flat[:, named if self.keep is None else ~named] = fill
        return flat.reshape(segment.obs.shape)

    def _places(self, size: int) -> list[int]:
        name, given = ("hide", self.hide) if self.keep is None else ("keep", self.keep)
        if not given:
            return []
        places = limits.check_numbers(name, given, -size, size - 1, integer=True)
        return [int(place) for place in places]
