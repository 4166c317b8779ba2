"""Answers and what they are about, in memory and on disk.

A buffer only grows. On disk it is a directory of versions (`atomic`) of parquet tables (`parquet`):
a process that is killed loses at most what it did not save, and saving costs what is new.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback import atomic, parquet
from plaudit.feedback.asks import Ask
from plaudit.feedback.buffer_state import query_from, query_state, segment_from, segment_state
from plaudit.feedback.types import Array, Feedback, Query, Segment, SegmentRef, pad


class Batch(NamedTuple):
    """Every answer to one kind of question, K segments each, padded to the longest, T steps.

    Attributes:
        obs: (B, K, T + 1, ...) observations.
        actions: (B, K, T, ...) actions.
        mask: (B, K, T) bool, True where there is a step.
        answers: (B,) or (B, parts) int64 in stored order; (B,) float64 where continuous.
    """

    obs: Array
    actions: Array
    mask: npt.NDArray[np.bool_]
    answers: Array


@dataclass(frozen=True)
class Row:
    """One answer and the query it belongs to."""

    query: Query
    feedback: Feedback


class _Saved(NamedTuple):
    """The version last written or read: its directory, its files as they were, and its parts."""

    version: Path
    stamps: parquet.Stamps
    parts: list[parquet.Counts]


class FeedbackBuffer:
    """Segments, each kept once, the queries about them and the answers.

    What else is privileged in a segment (states, frames, others) is kept in memory if at all, and
    is never written.

    Source: own design.

    Args:
        privileged: keep what is privileged, and write the true rewards; by default it is dropped on
            the way in, so that no learner can read it here.
    """

    def __init__(self, *, privileged: bool = False) -> None:
        self.privileged = privileged
        self._rows: list[Row] = []
        self._queries: dict[int, Query] = {}
        self._answered: set[tuple[int, str]] = set()  # queries and those who answered them
        self._saved: _Saved | None = None
        # Views share their arrays, so two views of one segment are one segment.
        self._segments: dict[tuple[int, int, SegmentRef, str | None], Segment] = {}

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
            ValueError: a query_id is used twice or unknown, an answer lies outside `ask.space`, an
                annotator answers a query twice, a context is no JSON, or a segment's arrays differ
                in dtype or shape from those kept. Nothing is added.
        """
        fresh: dict[int, Query] = {}
        for query in queries:
            if query.query_id in self._queries or query.query_id in fresh:
                raise ValueError(f"query_id {query.query_id} is used twice; ids must be unique")
            _check_context(query)
            fresh[query.query_id] = query
        answered: set[tuple[int, str]] = set()
        checked = [self._checked(answer, fresh, answered) for answer in feedback]
        self._check_arrays([segment for query in queries for segment in query.segments])
        for query in queries:
            self._queries[query.query_id] = self._keep(query)
        self._rows += [Row(self._queries[answer.query_id], answer) for answer in checked]
        self._answered |= answered

    def select(self, rows: Iterable[Row]) -> "FeedbackBuffer":
        """A buffer of some of this one's rows, which shares their queries and segments."""
        chosen = FeedbackBuffer(privileged=self.privileged)
        chosen._rows = list(rows)
        chosen._answered = {(r.feedback.query_id, r.feedback.annotator) for r in chosen._rows}
        chosen._queries = {row.query.query_id: row.query for row in chosen._rows}
        segments = {s for query in chosen._queries.values() for s in query.segments}
        chosen._segments = {key: s for key, s in self._segments.items() if s in segments}
        return chosen

    def answered(self) -> "FeedbackBuffer":
        """The answers without the skips."""
        return self.select(row for row in self._rows if row.feedback.answer is not None)

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
        kind = np.float64 if ask.continuous else np.int64
        answers = np.array([r.feedback.answer for r in rows], kind)
        return Batch(obs[index], actions[index], mask[index], answers)

    def save(self, directory: Path) -> None:
        """Write what is new as a new version; the old one stands until this one is complete.

        Parts of the old one that were changed or removed since are written anew.

        Args:
            directory: where this buffer was saved or loaded before, or a new one.

        Raises:
            ValueError: the directory holds feedback that this buffer lacks or that cannot be read;
                it is left as it is.
            OSError: the disk is full or refuses; the old version still stands.
        """
        directory = Path(directory).resolve()
        before, parts = self._standing(directory)
        total = {
            "segments": len(self._segments),
            "queries": len(self._queries),
            "feedback": len(self._rows),
        }
        parts = parquet.lasting(parts, total)
        done = {table: sum(part[table] for part in parts) for table in total}
        rows = self._state(done)
        written: list[parquet.Counts] = []
        version = atomic.replace_directory(
            directory, lambda path: written.extend(parquet.write(path, rows, before, parts))
        )
        self._saved = _Saved(version, parquet.stamps(version), written)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """The buffer saved in a directory, also by an older version.

        Raises:
            FileNotFoundError: nothing was saved there, or a file is missing.
            ValueError: a file is damaged, or of a newer schema; nothing was changed.
        """
        buffer = cls()
        path = atomic.current(Path(directory).resolve())
        stamps = parquet.stamps(path)
        state, parts = parquet.read(path)
        try:
            buffer.set_state(state)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"the feedback saved in {path} is damaged: {error!r}") from error
        buffer._saved = _Saved(path, stamps, parts)
        return buffer

    def get_state(self) -> State:
        """Segments, queries and answers as JSON values and arrays; a fresh copy."""
        return self._state({"segments": 0, "queries": 0, "feedback": 0})

    def _state(self, after: parquet.Counts) -> State:
        """The rows of every table that come after so many."""
        place = {segment: row for row, segment in enumerate(self._segments.values())}
        segments = list(place)[after["segments"] :]
        queries = list(self._queries.values())[after["queries"] :]
        return {
            "privileged": self.privileged,
            "segments": [segment_state(segment) for segment in segments],
            "queries": [query_state(q, [place[s] for s in q.segments]) for q in queries],
            "feedback": [row.feedback.to_json() for row in self._rows[after["feedback"] :]],
        }

    def _standing(self, directory: Path) -> tuple[Path | None, list[parquet.Counts]]:
        """The version in a directory and the parts of it that this buffer begins with."""
        try:
            version = atomic.current(directory)
        except FileNotFoundError:
            return None, []
        ours = self._saved
        if ours and ours.version == version:
            stamps = parquet.stamps(version)
            if stamps.get(parquet.META) == ours.stamps[parquet.META]:
                return ours.version, parquet.intact(ours.parts, ours.stamps, stamps)
        held = type(self).load(directory)
        lost = {row.feedback for row in held} - {row.feedback for row in self}
        if lost or not held._queries.keys() <= self._queries.keys():
            raise ValueError(
                f"{directory} holds feedback that this buffer lacks ({len(lost)} of {len(held)} "
                "answers), which would be lost; load it and add to it, or save elsewhere"
            )
        return None, []

    def set_state(self, state: State) -> None:
        segments = [segment_from(fields) for fields in state["segments"]]
        fresh = FeedbackBuffer(privileged=state["privileged"])
        queries = [query_from(fields, segments) for fields in state["queries"]]
        fresh.add(queries, [Feedback.from_json(fields) for fields in state["feedback"]])
        self.__dict__.update(fresh.__dict__)

    def _checked(
        self, answer: Feedback, fresh: dict[int, Query], answered: set[tuple[int, str]]
    ) -> Feedback:
        """The feedback as it is stored; `answered` grows by its query and annotator."""
        query = fresh.get(answer.query_id) or self._queries.get(answer.query_id)
        if query is None:
            raise ValueError(
                f"feedback names query_id {answer.query_id}, which is not in the buffer"
            )
        who = (answer.query_id, answer.annotator)
        if who in answered or who in self._answered:
            raise ValueError(f"query {who[0]} was already answered by {who[1]!r}; answers stand")
        answered.add(who)
        if not self.privileged:
            # The odds of a simulated annotator tell the true returns to the last digit.
            answer = replace(answer, probs=None)
        if answer.answer is None:
            return answer
        try:
            return replace(answer, answer=query.ask.check(answer.answer))
        except ValueError as error:
            raise ValueError(f"query {answer.query_id}: {error}, or None for a skip") from None

    def _keep(self, query: Query) -> Query:
        kept = []
        for segment in query.segments:
            stored = segment if self.privileged else segment.view()
            key = (id(stored.obs), id(stored.actions), stored.ref, stored.text)
            kept.append(self._segments.setdefault(key, stored))
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


def _check_context(query: Query) -> None:
    if query.context:
        try:
            json.dumps(query.context)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(
                f"the context of query {query.query_id} must be JSON values: {error}"
            ) from error
