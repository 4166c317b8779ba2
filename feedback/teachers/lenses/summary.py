"""SummaryOnly: the teacher reads a summary of what happened."""

import re
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import true_rewards
from plaudit.feedback.types import Segment, SegmentRef

TOTAL = "a summary that states the total"
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class SummaryOnly:
    """A segment as a report of it: how it began and ended, how long it took, what it came to.

    It is shown as a single step, so that utilities can read it as any other segment:

        obs      (2, ...) the first and the last observation
        actions  (1, 1 + A) int64: the number of steps, then how often each action was taken
        text     its last characters or sentences
        rewards  (1,) the true return, where the summary states it

    Nothing else is seen: not the place in the episode, no state, no picture.

    Source: own design; evaluators who see outcomes only: arXiv:2402.17747.

    Args:
        actions: A, discrete actions that are counted, at least 0.
        characters: of the text's end that are shown, at least 0; None for all.
        sentences: of the text's end that are shown, at least 0; None for all.
        total: state the true return.

    Raises:
        ValueError: a setting out of its range; when looking, actions that aren't 0..A - 1, or no
            rewards to add up.
    """

    actions: int = 0
    characters: int | None = None
    sentences: int | None = None
    total: bool = False

    def __post_init__(self) -> None:
        limits.keep_integers(self, actions=(0, inf))
        for name in ("characters", "sentences"):
            if getattr(self, name) is not None:
                limits.keep_integers(self, **{name: (0, inf)})
        limits.keep_flags(self, "total")

    @once_per_segment
    def __call__(self, segment: Segment) -> Segment:
        ref = segment.ref
        return Segment(
            obs=segment.obs[[0, -1]],
            actions=np.concatenate([[len(segment)], self._counts(segment)])[None].astype(np.int64),
            ref=SegmentRef(ref.env_id, ref.episode, 0, len(segment)),
            text=None if segment.text is None else self._end(segment.text),
            rewards=np.array([true_rewards(segment, TOTAL).sum()]) if self.total else None,
        )

    def _counts(self, segment: Segment) -> npt.NDArray[np.int64]:
        """(A,) how often each action was taken."""
        if not self.actions:
            return np.zeros(0, np.int64)
        taken = segment.actions
        if taken.ndim != 1 or taken.dtype.kind not in "iu":
            raise ValueError(f"only discrete actions are counted, got {taken.dtype} {taken.shape}")
        if len(taken) and not 0 <= taken.min() <= taken.max() < self.actions:
            raise ValueError(
                f"actions must be in 0..{self.actions - 1}, got {taken.min()}..{taken.max()}"
            )
        return np.bincount(taken, minlength=self.actions)

    def _end(self, text: str) -> str:
        if self.sentences is not None:
            parts = SENTENCE.split(text.strip())
            text = " ".join(parts[len(parts) - min(self.sentences, len(parts)) :])
        return (
            text if self.characters is None else text[len(text) - min(self.characters, len(text)) :]
        )
