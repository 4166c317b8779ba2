"""Rankings as comparisons: every pair of a ranking, as if each had been asked for itself.

What is fitted to the pairs is consistent where rankings are Plackett-Luce, as the odds of a pair
are then Bradley-Terry's; but the pairs of a ranking are not independent, which costs efficiency.

Source: arXiv:2301.11270, section 4 (MLE_K and MLE_2).
"""

from dataclasses import replace
from itertools import combinations

import numpy as np

from plaudit.feedback.asks import Compare, Rank
from plaudit.feedback.store import FeedbackBuffer, Row
from plaudit.feedback.types import Feedback, Query


def split(buffer: FeedbackBuffer) -> FeedbackBuffer:
    """All K (K - 1) / 2 comparisons that each ranking of K implies; skips are left out.

    Ids are numbered anew from 0, the pairs of one ranking side by side; a simulated annotator's
    odds of rankings become those of pairs. Where a ranking was given by several annotators, so is
    each of its pairs.

    Args:
        buffer: rankings, of any numbers of segments.

    Raises:
        ValueError: there are answers to other questions.
    """
    others = [ask for ask in buffer.answered().asks if not isinstance(ask, Rank)]
    if others:
        raise ValueError(f"split takes rankings, got answers to {others}; filter them out")
    parts = FeedbackBuffer(privileged=buffer.privileged)
    queries: list[Query] = []
    answers: list[Feedback] = []
    first: dict[int, int] = {}  # id of a ranking -> that of its first pair
    for row in buffer.answered():
        ranking = row.query.query_id
        if ranking not in first:
            first[ranking] = len(queries)
            queries += _pairs(row.query, len(queries))
        answers += _answers(row, first[ranking])
    parts.add(queries, answers)
    return parts


def _pairs(query: Query, start: int) -> list[Query]:
    """The pairs of a ranking, numbered from `start`; each is shown as it stood in the ranking."""
    shown = {segment: place for place, segment in enumerate(query.order)}
    pairs = combinations(range(len(query.segments)), 2)
    return [
        replace(
            query,
            segments=(query.segments[i], query.segments[j]),
            ask=Compare(),
            order=(0, 1) if shown[i] < shown[j] else (1, 0),
            query_id=start + place,
            provenance="ranking",
        )
        for place, (i, j) in enumerate(pairs)
    ]


def _answers(row: Row, start: int) -> list[Feedback]:
    """What the answer to a ranking says of each of its pairs."""
    said: tuple[int, ...] = row.feedback.answer  # type: ignore[assignment]
    rank = {segment: place for place, segment in enumerate(said)}
    odds = row.feedback.probs
    orders = None if odds is None else np.argsort(np.array(row.query.ask.answers()), 1)
    made = []
    for place, (i, j) in enumerate(combinations(range(len(said)), 2)):
        probs = None
        if odds is not None and orders is not None:
            first = float(np.array(odds[:-1]) @ (orders[:, i] < orders[:, j]))
            probs = (first, 1.0 - odds[-1] - first, odds[-1])
        answer = int(rank[i] > rank[j])
        made.append(replace(row.feedback, query_id=start + place, answer=answer, probs=probs))
    return made
