"""Reward learning that drives itself: choose queries, ask, store the answers, fit, go on.

The wrapper that owns a loop calls `update` after every step; nothing else is needed, so any
external agent learns through it without callbacks.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb, inf
from typing import Any, Self

import numpy as np

from plaudit import feedback
from plaudit.envs.limits import check_range
from plaudit.envs.names import load, nearest
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.asks import Ask, ask_from_json
from plaudit.feedback.programs import Named
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query, Segment

SAMPLERS = {
    "disagreement": "plaudit.feedback.queries:disagreement",
    "uniform": "plaudit.feedback.queries:uniform",
}

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """When to ask how much.

    Attributes:
        labels: questions asked in all.
        labels_per_round: questions asked at a time.
        segments_per_round: new segments that must have been recorded before each round.
        sampler: "uniform" or "disagreement".
        ask: the question, as `Ask.to_json` gives it, about whole segments or their steps; by
            default {"kind": "compare"}. "disagreement" picks pairs only.
        also: a second question about segments, asked as often as the first, e.g. {"kind":
            "approve"}: comparisons alone tell differences only. Both count as labels.
    """

    labels: int = 1000
    labels_per_round: int = 100
    segments_per_round: int = 64
    sampler: str = "uniform"
    ask: dict[str, Any] = field(default_factory=lambda: {"kind": "compare"})
    also: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("labels", "labels_per_round", "segments_per_round"):
            check_range(name, getattr(self, name), 1, inf, integer=True)
        if self.sampler not in SAMPLERS:
            raise KeyError(f"unknown sampler {self.sampler!r}{nearest(self.sampler, SAMPLERS)}")
        for ask in self.questions:
            if ask.grain not in ("segment", "step"):
                raise ValueError(f"a reward is learned from whole segments or steps, not {ask}")
            if self.sampler == "disagreement" and ask.segments != 2:
                raise ValueError(f"disagreement picks pairs; {ask} needs sampler='uniform'")

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Self:
        """The schedule with these settings.

        Raises:
            TypeError: it has no such setting; the message names the nearest one.
        """
        for name in settings:
            if name not in cls.__dataclass_fields__:
                known = cls.__dataclass_fields__
                raise TypeError(f"a schedule has no setting {name!r}{nearest(name, known)}")
        return cls(**settings)

    @property
    def question(self) -> Ask:
        return ask_from_json(self.ask)

    @property
    def questions(self) -> list[Ask]:
        more = [] if self.also is None else [ask_from_json(self.also)]
        return [self.question, *more]


class PreferenceLoop:
    """Teacher, buffer and reward model, and the schedule that connects them.

    Args:
        teacher, model: specs of what `feedback.make` and `feedback.model` make.
        schedule: when to ask how much.
        shape: settings the model needs to know of the world, from `model_shape`.
        seed: of the query sampler; teacher and model have their own.
    """

    def __init__(
        self, teacher: Named, model: Named, schedule: Schedule, shape: dict[str, Any], seed: int
    ) -> None:
        self.teacher = feedback.make(teacher)
        # Features that were named know the world themselves.
        self.model = feedback.model(model, **({} if _has_features(model) else shape))
        named = {"teacher": _name(teacher), "model": _name(model)}
        self._of: dict[str, Any] = named | shape
        self.schedule, self._asks = schedule, schedule.questions
        self.buffer = FeedbackBuffer()
        self.asked = 0
        self.fits = 0
        self.fit_stats: dict[str, Any] = {}
        self._seen = 0  # segments in the pool at the last round
        self._rng = stream(seed, "sampler")
        self._order = stream(seed, "order")  # which of two is shown first

    def update(self, pool: SegmentPool) -> bool:
        """Ask if a round is due, and fit if answers came in; whether the model changed.

        It never waits: what a slow annotator answers is folded in when it comes.
        """
        enough = len(pool) >= max(2, *(ask.segments for ask in self._asks))
        due = enough and pool.total - self._seen >= self.schedule.segments_per_round
        if due and self.asked < self.schedule.labels:
            queries = self._queries(pool)
            self._seen = pool.total
            self.asked += len(queries)
            self.buffer.add(queries, [])
            self.teacher.submit(queries, now=pool.total)
        answers = self.teacher.poll(now=pool.total) if self.asked else []
        if not answers:
            return False
        self.buffer.add([], answers)
        self.fit_stats = self.model.fit(self.buffer)
        self.fits += 1
        if len(self.buffer) >= self.schedule.labels and not self.fit_stats.get("kept", 1.0):
            LOG.warning(
                "all %d labels are used, and the reward model explains held-out answers no better "
                "than zero reward does: it pays 0. Ask for more, or give the model holdout=0.0.",
                self.schedule.labels,
            )
        return True

    def _queries(self, pool: SegmentPool) -> list[Query]:
        """The round's questions about the newest segments, which show what the policy does now."""
        schedule = self.schedule
        # A few older ones keep pairs distinct.
        slots = pool.newest(max(pool.total - self._seen, 2 * schedule.segments_per_round))
        candidates = [pool.segment(int(slot)) for slot in slots]
        left = min(schedule.labels_per_round, schedule.labels - self.asked)
        queries: list[Query] = []
        for place, ask in enumerate(self._asks):
            share = (left - len(queries)) // (len(self._asks) - place)
            queries += self._about(ask, candidates, share, self.asked + len(queries))
        return queries

    def _about(self, ask: Ask, candidates: list[Segment], most: int, first: int) -> list[Query]:
        """At most so many questions of a kind, numbered from `first` on."""
        schedule, size = self.schedule, ask.segments
        count = min(most, comb(len(candidates), size))
        if count == 0:
            return []
        sample = load("sampler", schedule.sampler, SAMPLERS)(count, size=size)
        groups = sample([segment.view() for segment in candidates], self.model, self._rng)
        # Any order may be shown, so that a bias for what comes first is no bias for a segment.
        orders = self._order.permuted(np.tile(np.arange(size), (count, 1)), axis=1)
        return [
            Query(
                tuple(candidates[i] for i in group),
                ask,
                order=tuple(order),
                query_id=first + k,
                provenance=schedule.sampler,
            )
            for k, (group, order) in enumerate(zip(groups.tolist(), orders.tolist(), strict=True))
        ]

    def get_state(self) -> State:
        return {
            "of": dict(self._of),
            "teacher": self.teacher.get_state(),
            "model": self.model.get_state(),
            "buffer": self.buffer.get_state(),
            "asked": self.asked,
            "fits": self.fits,
            "fit_stats": dict(self.fit_stats),
            "seen": self._seen,
            "rng": generator_state(self._rng),
            "order": generator_state(self._order),
        }

    def check_state(self, state: State) -> None:
        """Refuse the state of another loop, before anything of it is applied.

        Raises:
            ValueError: it has another teacher or model, or is of a world with other spaces.
        """
        if state.get("of") != self._of:
            raise ValueError(
                f"the state is that of a loop of {state.get('of')}, and this one is of {self._of}"
            )
        for part, mine in (("teacher", self.teacher), ("model", self.model)):
            saved, expected = set(state[part]), set(mine.get_state())
            if saved != expected:
                raise ValueError(
                    f"the state of {self._of[part]!r} should hold {sorted(expected)}, "
                    f"got {sorted(saved)}; was it made with other settings?"
                )

    def set_state(self, state: State) -> None:
        self.check_state(state)
        self.teacher.set_state(state["teacher"])
        self.model.set_state(state["model"])
        self.buffer.set_state(state["buffer"])
        self.asked, self.fits = int(state["asked"]), int(state["fits"])
        self.fit_stats = dict(state["fit_stats"])
        self._seen = int(state["seen"])
        self._rng = generator_from(state["rng"])
        self._order = generator_from(state["order"])


def _has_features(model: Named) -> bool:
    """Whether a spec, or that of the model which it bounds, names its features."""
    if not isinstance(model, Mapping):
        return False
    return "features" in model or _has_features(model.get("of", ""))


def _name(spec: Named) -> str:
    return spec if isinstance(spec, str) else str(spec["name"])
