"""The words of feedback: what is judged, what is asked, what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.asks import Answer, Ask

Array = npt.NDArray[Any]

Source = Literal["sim", "llm", "human"]
SOURCES = get_args(Source)

INT64 = 2**63  # whole numbers are stored in 64 bits
LARGEST = np.finfo(np.float64).max.item()


def mended(value: Any) -> Any:
    """Texts, also within dicts, lists and tuples, as any file can hold them.

    Half a character, which keyboards and cut texts produce, is no UTF-8; it becomes its escape.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if type(value) is dict:
        return {mended(key): mended(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(mended, value))
    return value


def is_duration(seconds: Any) -> bool:
    """Whether this is a finite number of at least 0, small enough for a float."""
    if isinstance(seconds, Integral):
        # An integer too large for a float still compares well with one.
        return not isinstance(seconds, bool) and 0 <= int(seconds) <= LARGEST
    return isinstance(seconds, Real) and 0 <= float(seconds) <= LARGEST


@dataclass(frozen=True)
class SegmentRef:
    """Where a segment was cut: steps [start, end) of one episode of one world."""

    env_id: str
    episode: int
    start: int
    end: int

    def __post_init__(self) -> None:
        _mend(self, "env_id")


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
        if self.text is not None:
            _mend(self, "text")
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
        query_id: unique within a run, of 64 bits.
        provenance: how the query was chosen, e.g. "uniform".
    """

    segments: tuple[Segment, ...]
    ask: Ask
    order: tuple[int, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    query_id: int = 0
    provenance: str = "uniform"

    def __post_init__(self) -> None:
        _check_whole(self, "query_id")
        _mend(self, "provenance")
        if self.context:
            object.__setattr__(self, "context", mended(self.context))
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
    """One answer by one annotator; ValueError where a field can't be stored.

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
    source: Source = "sim"
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("annotator", "reason", "comment"):
            _mend(self, name)
        for name in ("query_id", "asked", "answered"):
            _check_whole(self, name)
        if self.seed is not None:
            _check_whole(self, "seed")
        if self.source not in SOURCES:
            raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {self.source!r}")
        if self.probs is not None:
            _check_probs(self)
        if self.seconds is not None and not is_duration(self.seconds):
            raise ValueError(f"seconds must be a finite number of at least 0, got {self.seconds!r}")

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


def _mend(record: Any, name: str) -> None:
    text = getattr(record, name)
    if not isinstance(text, str):
        raise ValueError(f"{name} must be a text, got {text!r}")
    if not text.isascii():
        object.__setattr__(record, name, mended(text))


def _check_whole(record: Any, name: str) -> None:
    value = getattr(record, name)
    if type(value) is not int:
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ValueError(f"{name} must be an integer, got {value!r}")
        object.__setattr__(record, name, int(value))
    if not -INT64 <= value < INT64:
        raise ValueError(f"{name} must be an integer of 64 bits, got {value}")


def _check_probs(feedback: Feedback) -> None:
    probs: Any = feedback.probs
    if type(probs) is tuple and set(map(type, probs)) == {float}:
        return
    if not isinstance(probs, tuple | list) or not all(isinstance(p, Real) for p in probs):
        raise ValueError(f"probs must be numbers, got {str(probs)[:80]}")
    object.__setattr__(feedback, "probs", tuple(map(float, probs)))
