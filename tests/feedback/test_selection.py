import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.selection import filtered, split
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

SOURCES = ("sim", "llm", "human")


def segment(number):
    return Segment(np.zeros((2, 1)), np.zeros(1), SegmentRef("x", number, 0, 1))


def buffer():
    """12 queries, of which those 0 to 8 are comparisons, by a0, a1 and a2 at times 0 to 35."""
    made = FeedbackBuffer()
    for i in range(12):
        ask = Compare() if i < 9 else Rate(5)
        made.add([Query(tuple(segment(i) for _ in range(ask.segments)), ask, query_id=i)], [])
        for k in range(3):
            # a0 and a1 agree; a2 differs from them on odd queries, and skips the last one.
            answer = None if (i, k) == (11, 2) else (1 - i % 2 if k == 2 else 1)
            answer = answer if i < 9 or answer is None else 4 * answer
            made.add([], [Feedback(i, f"a{k}", answer, answered=3 * i + k, source=SOURCES[k])])
    return made


def told(made):
    return [(row.feedback.query_id, row.feedback.annotator) for row in made]


def ids(made):
    return {row.query.query_id for row in made}


@pytest.mark.parametrize(
    ("tests", "count"),
    [
        ({}, 36),
        ({"annotator": "a1"}, 12),
        ({"annotator": ("a1", "a2")}, 24),
        ({"annotator": ()}, 0),
        ({"source": "human"}, 12),
        ({"after": 30}, 6),
        ({"before": 30}, 30),
        ({"after": 30, "before": 30}, 0),
        ({"ask": Compare()}, 27),
        ({"ask": "rate"}, 9),
        ({"ask": Rate(7)}, 0),
        # On even queries all agree; on odd ones 1 pair of 3, but on the last, whose third was a
        # skip, 1 pair of 1: 6 even queries and the last.
        ({"min_agreement": 1.0}, 21),
        ({"min_agreement": 1 / 3}, 36),
        ({"annotator": "a0", "ask": "compare", "after": 3}, 8),
    ],
    ids=str,
)
def test_a_filter_keeps_that_to_which_all_applies(tests, count):
    assert len(filtered(buffer(), **tests)) == count


def test_a_filter_shares_segments_and_leaves_the_buffer():
    made = buffer()
    part = filtered(made, annotator="a1")
    assert [row.query for row in part] == [row.query for row in made][::3]
    assert len(part.get_state()["segments"]) == len(made.get_state()["segments"])
    assert len(filtered(made, ask="rate").get_state()["segments"]) == 3
    assert len(made) == 36
    with pytest.raises(ValueError, match="already answered by 'a1'"):
        part.add([], [Feedback(0, "a1", 0)])


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ({"source": "sims"}, "unknown source 'sims'; did you mean 'sim'"),
        ({"ask": "compares"}, "unknown kind of question 'compares'; did you mean 'compare'"),
        ({"min_agreement": 75}, r"share in \[0, 1\], got 75"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(tests, message):
    with pytest.raises(ValueError, match=message):
        filtered(buffer(), **tests)


@pytest.mark.parametrize(
    ("how", "sizes"),
    [
        ({"by": "annotator", "share": 0.3}, (12, 24)),
        ({"by": "annotator", "share": 0.01}, (12, 24)),  # never empty
        ({"by": "annotator", "share": 0.99}, (24, 12)),
        ({"by": "query", "share": 0.75}, (27, 9)),
        ({"by": "time", "share": 0.5}, (18, 18)),
        ({"by": "time", "at": 10}, (10, 26)),
        ({"by": "agreement", "at": 0.9}, (21, 15)),
    ],
    ids=str,
)
def test_a_split_holds_every_answer_in_one_of_its_parts(how, sizes):
    made = buffer()
    parts = split(made, **how)
    assert tuple(map(len, parts)) == sizes
    assert sorted(told(parts[0]) + told(parts[1])) == sorted(told(made))


def test_nobody_and_no_query_is_on_both_sides():
    for seed in range(5):
        first, second = split(buffer(), "query", share=0.5, seed=seed)
        assert not ids(first) & ids(second)
        first, second = split(buffer(), "annotator", share=0.5, seed=seed)
        assert not {who for _, who in told(first)} & {who for _, who in told(second)}
        first, second = split(buffer(), "agreement", at=0.5)
        assert not ids(first) & ids(second)


def test_a_split_is_drawn_by_its_seed():
    drawn = [ids(split(buffer(), "query", share=0.5, seed=seed)[0]) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_was_answered_at_one_time_stays_together():
    made = FeedbackBuffer()
    queries = [Query((segment(i),), Rate(5), query_id=i) for i in range(4)]
    made.add(queries, [Feedback(i, "a", 0, answered=min(i, 1)) for i in range(4)])
    # Half of 0, 1, 1, 1 ends within the ones, which go to the second part.
    assert [len(part) for part in split(made, "time", share=0.5)] == [1, 3]


def test_nothing_and_a_single_answer_can_be_split():
    one = filtered(buffer(), annotator="a0", after=33)
    for by in ("annotator", "query", "time"):
        assert [len(part) for part in split(FeedbackBuffer(), by, share=0.5)] == [0, 0]
        assert [len(part) for part in split(one, by, share=0.5)] == [0, 1]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"by": "annotators", "share": 0.5}, "split by 'annotators'; did you mean 'annotator'"),
        ({"by": "query"}, "by query takes share, got share=None, at=None"),
        ({"by": "query", "at": 3}, "by query takes share"),
        ({"by": "time", "at": 3, "share": 0.5}, "by time takes share or at"),
        ({"by": "agreement", "share": 0.5}, "by agreement takes at"),
        ({"by": "agreement", "at": 75}, r"share in \[0, 1\], got 75"),
        ({"by": "query", "share": 1.0}, r"share must lie in \(0, 1\), got 1.0"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(how, message):
    with pytest.raises(ValueError, match=message):
        split(buffer(), **how)
