import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Compare, Rank
from plaudit.feedback.rankings import split
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

PAIRS = [(0, 1), (0, 2), (1, 2)]


def segments(rewards=(0.0, 0.0, 0.0)):
    return tuple(
        Segment(np.zeros(2), np.zeros(1), SegmentRef("t", i, 0, 1), rewards=np.array([reward]))
        for i, reward in enumerate(rewards)
    )


def ranked(*answers, order=(0, 1, 2)):
    buffer = FeedbackBuffer()
    query = Query(segments(), Rank(3), order=order, query_id=7)
    buffer.add([query], [Feedback(7, f"person {i}", answer) for i, answer in enumerate(answers)])
    return buffer


def places(buffer, row):
    all_ = list(dict.fromkeys(s.ref.episode for r in buffer for s in r.query.segments))
    return tuple(all_.index(segment.ref.episode) for segment in row.query.segments)


def test_a_ranking_of_three_is_three_comparisons():
    parts = split(ranked((2, 0, 1)))
    assert [row.query.ask for row in parts] == [Compare()] * 3
    assert [places(parts, row) for row in parts] == PAIRS
    # 2 > 0 > 1: 0 beats 1, 2 beats 0, 2 beats 1
    assert [row.feedback.answer for row in parts] == [0, 1, 1]


def test_who_ranked_the_same_is_asked_the_same_and_a_skip_says_nothing():
    parts = split(ranked((0, 1, 2), None, (2, 1, 0)))
    assert [row.feedback.query_id for row in parts] == [0, 1, 2, 0, 1, 2]
    assert [row.feedback.answer for row in parts] == [0, 0, 0, 1, 1, 1]


def test_pairs_are_shown_as_they_stood_in_the_ranking():
    # 2, 0, 1 from left to right: 0 stands before 1, but behind 2, and so does 1
    shown = [row.query.order for row in split(ranked((0, 1, 2), order=(2, 0, 1)))]
    assert shown == [(0, 1), (1, 0), (1, 0)]


def test_odds_of_plackett_luce_rankings_become_those_of_bradley_terry_pairs():
    query = Query(segments((1.0, 0.0, -2.0)), Rank(3))
    buffer = FeedbackBuffer(privileged=True)
    buffer.add([query], feedback.make("boltzmann").answer([query]))
    first = [row.feedback.probs[0] for row in split(buffer)]
    assert first == pytest.approx([1 / (1 + np.exp(-d)) for d in (1.0, 3.0, 2.0)])


def test_other_answers_are_refused():
    buffer = FeedbackBuffer()
    buffer.add([Query(segments()[:2], Compare())], [Feedback(0, "a", 0)])
    with pytest.raises(ValueError, match="split takes rankings, got answers to"):
        split(buffer)
