"""The words of feedback: what is judged, what is asked, what was answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple, Self

import gymnasium as gym
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SegmentRef:
    """Where a segment was cut: steps [start, end) of one episode of one world."""

    env_id: str
    episode: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of behaviour to be judged. Arrays are copies, never views of a rollout.

    Equality and hash are identity: two segments are the same one or they are not.

    Attributes:
        obs: (T + 1, ...) observations, the one after the last action included.
        actions: (T, ...) actions.
        ref: where it was cut.
        text: the same in words, where the world has any.
        rewards: (T,) true rewards. Privileged: only a teacher's lens may open it, and
            `view()` is what everybody else gets.
    """

    obs: Array
    actions: Array
    ref: SegmentRef
    text: str | None = None
    rewards: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if len(self.obs) != len(self.actions) + 1:
            raise ValueError(
                f"a segment of {len(self.actions)} actions needs {len(self.actions) + 1} "
                f"observations, got {len(self.obs)}"
            )
        if self.rewards is not None and len(self.rewards) != len(self.actions):
            raise ValueError(
                f"a segment of {len(self.actions)} actions needs as many true rewards, "
                f"got {len(self.rewards)}"
            )

    def __len__(self) -> int:
        return len(self.actions)

    def view(self) -> "Segment":
        """The segment without what is privileged: what learners and reward models see."""
        return replace(self, rewards=None)


@dataclass(frozen=True)
class Compare:
    """Which of two segments is better? Answers: 0 first, 1 second (in stored order), 2 a tie."""

    ties: bool = False
    kind: Literal["compare"] = "compare"

    @property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(3 if self.ties else 2)

    @property
    def segments(self) -> int:
        return 2


@dataclass(frozen=True)
class Rate:
    """How good is this segment, 0 (worst) to levels - 1 (best)?"""

    levels: int = 5
    kind: Literal["rate"] = "rate"

    def __post_init__(self) -> None:
        if self.levels < 2:
            raise ValueError(f"levels must be at least 2, got {self.levels}")

    @property
    def space(self) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(self.levels)

    @property
    def segments(self) -> int:
        return 1

    def thresholds(self, center: float = 0.0, spread: float = 1.0) -> npt.NDArray[np.float64]:
        """The utilities between neighbouring levels, (levels - 1,), evenly spaced.

        Args:
            center: utility in the middle of the scale.
            spread: utility between two neighbouring thresholds, > 0.
        """
        steps = np.arange(self.levels - 1, dtype=np.float64) - (self.levels - 2) / 2
        return center + spread * steps


Ask = Compare | Rate


class SegmentBatch(NamedTuple):
    """Segments side by side, padded with zeros to the longest of them, T steps.

    Attributes:
        obs: (N, T + 1, ...) observations.
        actions: (N, T, ...) actions.
        mask: (N, T) bool, True where there is a step.
    """

    obs: Array
    actions: Array
    mask: npt.NDArray[np.bool_]


def pad(segments: Sequence[Segment]) -> SegmentBatch:
    """Put segments side by side; short ones are padded and masked, never dropped.

    Raises:
        ValueError: no segments, or their observations or actions differ in shape.
    """
    if not segments:
        raise ValueError("pad needs at least one segment, got none")
    first, steps = segments[0], max(map(len, segments))
    obs = np.zeros((len(segments), steps + 1, *first.obs.shape[1:]), first.obs.dtype)
    actions = np.zeros((len(segments), steps, *first.actions.shape[1:]), first.actions.dtype)
    mask = np.zeros((len(segments), steps), bool)
    for row, segment in enumerate(segments):
        shapes = segment.obs.shape[1:], segment.actions.shape[1:]
        if shapes != (first.obs.shape[1:], first.actions.shape[1:]):
            raise ValueError(
                "segments of one batch need observations and actions of one shape: "
                f"{first.obs.shape[1:]} and {first.actions.shape[1:]}, got {shapes[0]} "
                f"and {shapes[1]}"
            )
        obs[row, : len(segment) + 1] = segment.obs
        actions[row, : len(segment)] = segment.actions
        mask[row, : len(segment)] = True
    return SegmentBatch(obs, actions, mask)


@dataclass(frozen=True, eq=False)
class Query:
    """A question about segments. Equality and hash are identity.

    Attributes:
        segments: what is judged, in stored order.
        ask: the question.
        order: `order[i]` is the stored index of what is shown at place i.
        context: what the judge is told beside the segments, JSON values.
        query_id: unique within a run.
        provenance: how the query was chosen, e.g. "uniform".
    """

    segments: tuple[Segment, ...]
    ask: Ask
    order: tuple[int, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    query_id: int = 0
    provenance: str = "uniform"

    def __post_init__(self) -> None:
        if len(self.segments) != self.ask.segments:
            raise ValueError(
                f"{self.ask.kind!r} asks about {self.ask.segments} segments, "
                f"got {len(self.segments)}"
            )
        if not self.order:
            object.__setattr__(self, "order", tuple(range(len(self.segments))))
        if sorted(self.order) != list(range(len(self.segments))):
            raise ValueError(
                f"order must be a permutation of 0..{len(self.segments) - 1}, got {self.order}"
            )


@dataclass(frozen=True)
class Feedback:
    """One answer by one annotator.

    Attributes:
        query_id: the query answered.
        annotator: who answered.
        answer: an index in stored order, or None for a skip.
        reason: why it was skipped, else "".
        probs: exact answer distribution, last cell skip, where the annotator is simulated.
        asked, answered: by the clock of whoever asked, e.g. segments recorded so far.
        source: "sim", "llm" or "human".
        seed: seed of the annotator's stream, where simulated.
    """

    query_id: int
    annotator: str
    answer: int | None
    reason: str = ""
    probs: tuple[float, ...] | None = None
    asked: int = 0
    answered: int = 0
    source: Literal["sim", "llm", "human"] = "sim"
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; `from_json` reads them."""
        return {**asdict(self), "probs": None if self.probs is None else list(self.probs)}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        probs = fields["probs"]
        return cls(**{**fields, "probs": None if probs is None else tuple(probs)})
