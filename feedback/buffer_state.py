"""Segments and queries as JSON values and arrays, and back: the state of a `FeedbackBuffer`."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from plaudit.envs.types import State
from plaudit.feedback.asks import ask_from_json
from plaudit.feedback.types import Query, Segment, SegmentRef


def segment_state(segment: Segment) -> State:
    """A segment's reference, text and arrays, copied; its true rewards, if it holds them."""
    rewards = segment.rewards
    return {
        **asdict(segment.ref),
        "text": segment.text,
        "obs": segment.obs.copy(),
        "actions": segment.actions.copy(),
        "rewards": None if rewards is None else np.array(rewards, np.float64),
    }


def segment_from(state: State) -> Segment:
    """The reverse of `segment_state`."""
    rewards = state["rewards"]
    return Segment(
        state["obs"].copy(),
        state["actions"].copy(),
        SegmentRef(**{name: state[name] for name in SegmentRef.__dataclass_fields__}),
        state["text"],
        None if rewards is None else np.array(rewards, np.float64),
    )


def query_state(query: Query, segments: Sequence[int]) -> State:
    """A query with its segments as row numbers."""
    return {
        "query_id": query.query_id,
        "segments": list(segments),
        "ask": query.ask.to_json(),
        "order": list(query.order),
        "context": dict(query.context),
        "provenance": query.provenance,
    }


def query_from(state: State, segments: Sequence[Segment]) -> Query:
    """The reverse of `query_state`.

    Raises:
        ValueError: the ask is unknown, or the query is none.
        IndexError: a segment's row is not there.
    """
    return Query(
        segments=tuple(segments[row] for row in state["segments"]),
        ask=ask_from_json(state["ask"]),
        order=tuple(state["order"]),
        context=dict(state["context"]),
        query_id=state["query_id"],
        provenance=state["provenance"],
    )
