"""The words of feedback: what is judged, what is asked, what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.asks import Answer, Ask

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
        rewards: (T,) true rewards. This and what follows is privileged: only a teacher's lens may
            open it, and `view()` is what everybody else gets.
        states: T + 1 states of the world, as its single form's `get_state` gives them.
        frames: (T + 1, height, width, 3) uint8 pictures, for people.
        others: the same steps as other agents saw them, by agent.
    """

    obs: Array
    actions: Array
    ref: SegmentRef
    text: str | None = None
    rewards: npt.NDArray[np.float64] | None = None
    states: tuple[State, ...] | None = None
    frames: npt.NDArray[np.uint8] | None = None
    others: Mapping[str, "Segment"] = field(default_factory=dict)

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
        for name, given in {"states": self.states, "frames": self.frames}.items():
            if given is not None and len(given) != len(self.obs):
                raise ValueError(
                    f"a segment of {len(self.obs)} observations needs as many {name}, "
                    f"got {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.actions)

    def view(self) -> "Segment":
        """The segment without what is privileged: what learners and reward models see."""
        return replace(self, rewards=None, states=None, frames=None, others={})


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
        answer: as the question's space holds it, in stored order, or None for a skip.
        reason: why it was skipped, else "".
        comment: what was said beside, in words.
        probs: exact answer distribution, last cell skip, where the annotator is simulated and the
            answers are few.
        asked, answered: by the clock of whoever asked, e.g. segments recorded so far.
        seconds: how long the annotator took, where that was measured.
        source: "sim", "llm" or "human".
        seed: seed of the annotator's stream, where simulated.
    """

    query_id: int
    annotator: str
    answer: Answer | None
    reason: str = ""
    comment: str = ""
    probs: tuple[float, ...] | None = None
    asked: int = 0
    answered: int = 0
    seconds: float | None = None
    source: Literal["sim", "llm", "human"] = "sim"
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; `from_json` reads them."""
        fields = asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        known: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()
        }
        return cls(**known)
