"""Answers and what they are about, in memory and on disk.

On disk (see `atomic` for the versions around it), without pickle:

    segments.parquet   one row per segment; arrays as flat lists, their dtype and shape in meta.json
    queries.parquet    one row per query; segments by row number
    feedback.parquet   one row per answer: ties, skips and annotators kept
    meta.json          schema, dtypes and shapes, number of rows
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback import atomic, parquet
from plaudit.feedback.types import (
    Array,
    Ask,
    Compare,
    Feedback,
    Query,
    Rate,
    Segment,
    SegmentRef,
    pad,
)

ASKS: dict[str, Callable[..., Ask]] = {"compare": Compare, "rate": Rate}


class Batch(NamedTuple):
    """Every answer to one kind of question, K segments each, padded to the longest, T steps.

    Attributes:
        obs: (B, K, T + 1, ...) observations.
        actions: (B, K, T, ...) actions.
        mask: (B, K, T) bool, True where there is a step.
        answers: (B,) int64 in stored order.
    """

    obs: Array
    actions: Array
    mask: npt.NDArray[np.bool_]
    answers: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """One answer and the query it belongs to."""

    query: Query
    feedback: Feedback


class FeedbackBuffer:
    """Segments, each kept once, the queries about them and the answers.

    Source: own design.

    Args:
        privileged: keep the true rewards of segments, in memory and on disk; by default they are
            dropped on the way in, so that no learner can read them here.
    """

    def __init__(self, *, privileged: bool = False) -> None:
        self.privileged = privileged
        self._rows: list[Row] = []
        self._queries: dict[int, Query] = {}
        # Views share their arrays, so two views of one segment are one segment.
        self._segments: dict[tuple[int, int], Segment] = {}

    def __len__(self) -> int:
        """Number of answers, skips included."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @property
    def asks(self) -> list[Ask]:
        """The kinds of questions that were answered or skipped, in order of appearance."""
        return list(dict.fromkeys(row.query.ask for row in self._rows))

    def add(self, queries: Sequence[Query], feedback: Sequence[Feedback]) -> None:
        """Keep answers. Queries may be answered later, by several annotators, or never.

        Args:
            queries: new ones, each with a `query_id` of its own.
            feedback: answers to these or to queries added before.

        Raises:
            ValueError: a query_id is used twice or unknown, an answer lies outside `ask.space`, or
                a segment's arrays differ in dtype or shape from those kept. Nothing is added.
        """
        known = dict(self._queries)
        for query in queries:
            if query.query_id in known:
                raise ValueError(f"query_id {query.query_id} is used twice; ids must be unique")
            known[query.query_id] = query
        for answer in feedback:
            _check_answer(known, answer)
        self._check_arrays([segment for query in queries for segment in query.segments])
        for query in queries:
            self._queries[query.query_id] = self._keep(query)
        self._rows += [Row(self._queries[answer.query_id], answer) for answer in feedback]

    def answered(self) -> "FeedbackBuffer":
        """The answers without the skips."""
        chosen = FeedbackBuffer(privileged=self.privileged)
        chosen._rows = [row for row in self._rows if row.feedback.answer is not None]
        chosen._queries = {row.query.query_id: row.query for row in chosen._rows}
        segments = {s for query in chosen._queries.values() for s in query.segments}
        chosen._segments = {key: s for key, s in self._segments.items() if s in segments}
        return chosen

    def batch(self, ask: Ask) -> Batch:
        """Every answer to one kind of question as arrays; skips are left out, ties are not.

        Raises:
            ValueError: there is none.
        """
        rows = [r for r in self._rows if r.query.ask == ask and r.feedback.answer is not None]
        if not rows:
            raise ValueError(f"no answers to {ask}; the buffer holds {self.asks or 'none at all'}")
        place: dict[Segment, int] = {}
        index = [[place.setdefault(s, len(place)) for s in r.query.segments] for r in rows]
        obs, actions, mask = pad(list(place))
        answers = np.array([r.feedback.answer for r in rows], np.int64)
        return Batch(obs[index], actions[index], mask[index], answers)

    def save(self, directory: Path) -> None:
        """Write a new version of the buffer; the old one stands until this one is complete.

        Raises:
            OSError: the disk is full or refuses; the old version still stands.
        """
        state = self.get_state()
        atomic.replace_directory(directory, lambda path: parquet.write(path, state))

    @classmethod
    def load(cls, directory: Path) -> Self:
        """The buffer saved in a directory.

        Raises:
            FileNotFoundError: nothing was saved there, or a file is missing.
            ValueError: a file is damaged.
        """
        buffer = cls()
        path = atomic.current(directory)
        state = parquet.read(path)
        try:
            buffer.set_state(state)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"the feedback saved in {path} is damaged: {error!r}") from error
        return buffer

    def get_state(self) -> State:
        """Segments, queries and answers as JSON values and arrays; a fresh copy."""
        segments = list(self._segments.values())
        place = {segment: row for row, segment in enumerate(segments)}
        return {
            "privileged": self.privileged,
            "segments": [
                {**asdict(s.ref), "text": s.text, **_copies(s, self.privileged)} for s in segments
            ],
            "queries": [
                {
                    "query_id": query.query_id,
                    "segments": [place[segment] for segment in query.segments],
                    "ask": asdict(query.ask),
                    "order": list(query.order),
                    "context": dict(query.context),
                    "provenance": query.provenance,
                }
                for query in self._queries.values()
            ],
            "feedback": [row.feedback.to_json() for row in self._rows],
        }

    def set_state(self, state: State) -> None:
        segments = [_segment(fields) for fields in state["segments"]]
        fresh = FeedbackBuffer(privileged=state["privileged"])
        queries = [_query(fields, segments) for fields in state["queries"]]
        fresh.add(queries, [Feedback.from_json(fields) for fields in state["feedback"]])
        self.__dict__.update(fresh.__dict__)

    def _keep(self, query: Query) -> Query:
        kept = []
        for segment in query.segments:
            stored = segment if self.privileged else segment.view()
            kept.append(self._segments.setdefault((id(stored.obs), id(stored.actions)), stored))
        return replace(query, segments=tuple(kept))

    def _check_arrays(self, segments: Sequence[Segment]) -> None:
        if not segments:
            return
        first = next(iter(self._segments.values()), segments[0])
        for segment in segments:
            for name in ("obs", "actions"):
                kept, new = getattr(first, name), getattr(segment, name)
                if new.dtype.kind not in "biuf":
                    raise ValueError(f"{name} of a segment must be numbers, got {new.dtype}")
                if (new.dtype, new.shape[1:]) != (kept.dtype, kept.shape[1:]):
                    raise ValueError(
                        f"{name} of one buffer have one dtype and shape: {kept.dtype} "
                        f"{kept.shape[1:]} are kept, got {new.dtype} {new.shape[1:]}"
                    )


def _check_answer(known: dict[int, Query], answer: Feedback) -> None:
    query = known.get(answer.query_id)
    if query is None:
        raise ValueError(f"feedback names query_id {answer.query_id}, which is not in the buffer")
    if answer.answer is not None and not query.ask.space.contains(answer.answer):
        raise ValueError(
            f"query {answer.query_id}: {answer.answer!r} is no answer to {query.ask}; expected "
            f"an integer in 0..{int(query.ask.space.n) - 1}, or None for a skip"
        )


def _copies(segment: Segment, privileged: bool) -> dict[str, Array | None]:
    rewards = segment.rewards if privileged else None
    return {
        "obs": segment.obs.copy(),
        "actions": segment.actions.copy(),
        "rewards": None if rewards is None else np.array(rewards, np.float64),
    }


def _segment(fields: State) -> Segment:
    ref = SegmentRef(**{name: fields[name] for name in SegmentRef.__dataclass_fields__})
    rewards = fields["rewards"]
    return Segment(
        fields["obs"].copy(),
        fields["actions"].copy(),
        ref,
        fields["text"],
        None if rewards is None else np.array(rewards, np.float64),
    )


def _query(fields: State, segments: Sequence[Segment]) -> Query:
    settings = dict(fields["ask"])
    kind = settings["kind"]
    if kind not in ASKS:
        raise ValueError(f"unknown ask {kind!r}; known: {', '.join(ASKS)}")
    return Query(
        segments=tuple(segments[row] for row in fields["segments"]),
        ask=ASKS[kind](**settings),
        order=tuple(fields["order"]),
        context=dict(fields["context"]),
        query_id=fields["query_id"],
        provenance=fields["provenance"],
    )
