import math

import numpy as np
import pytest

from plaudit.feedback.agreement import agreement, by_query
from plaudit.feedback.asks import Check, Choose, Compare, Correct, Mark, Rank, Rate
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef


def buffer(ask, table):
    """Answers by annotator (row) and query (column); "-" where there is none."""
    made = FeedbackBuffer()
    for i in range(len(table[0])):
        segments = tuple(
            Segment(np.zeros((2, 1)), np.zeros(1), SegmentRef("x", i, k, k + 1))
            for k in range(ask.segments)
        )
        made.add([Query(segments, ask, query_id=i)], [])
    for who, row in enumerate(table):
        said = {i: answer for i, answer in enumerate(row) if answer != "-"}
        made.add([], [Feedback(i, f"a{who}", answer) for i, answer in said.items()])
    return made


def alpha(ask, table):
    (found,) = agreement(buffer(ask, table))
    return found.alpha


def test_alpha_of_two_annotators_of_ten_yes_or_no_questions():
    """Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example A: 0.095."""
    # 4 of 10 queries differ; 14 zeros and 6 ones among 20 values.
    # D_o = 4/10, D_e = 2 * 14 * 6 / (20 * 19) = 168/380; 1 - 0.4 * 380/168 = 0.0952
    table = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    assert alpha(Compare(), table) == pytest.approx(1 - 0.4 * 380 / 168)
    assert alpha(Compare(), table) == pytest.approx(0.095, abs=5e-4)


NOMINAL = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, "-", "-", "-"],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, "-", 3],
    ["-", 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, "-"],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, "-"],
]


def test_alpha_of_several_annotators_some_of_them_missing():
    """The same paper, example C: four observers, twelve units; 0.743 nominal, 0.849 interval."""
    assert alpha(Choose(6), NOMINAL) == pytest.approx(0.743, abs=5e-4)
    assert alpha(Rate(6), NOMINAL) == pytest.approx(0.849, abs=5e-4)


def test_what_a_single_annotator_or_a_skip_says_does_not_count():
    (found,) = agreement(buffer(Compare(), [[0, 0, 1, None], [0, 1, "-", 1]]))
    # Queries 0 (both say 0) and 1 (they differ).
    assert (found.queries, found.answers, found.raw) == (2, 4, 0.5)
    # D_o = 1/2; three 0 and one 1: D_e = 2 * 3 * 1 / (4 * 3) = 1/2
    assert found.alpha == pytest.approx(0.0)


def test_without_several_annotators_there_is_no_agreement():
    (found,) = agreement(buffer(Compare(), [[0, 1]]))
    assert (found.queries, found.answers) == (0, 0)
    assert math.isnan(found.raw)
    assert math.isnan(found.alpha)


def test_alpha_is_unknown_where_all_say_the_same():
    (found,) = agreement(buffer(Compare(), [[0, 0], [0, 0]]))
    assert found.raw == 1.0
    assert math.isnan(found.alpha)


@pytest.mark.parametrize(
    ("ask", "answers", "share"),
    [
        (Compare(ties=True), [0, 0, 1], 1 / 3),  # one pair of three
        (Compare(ties=True), [2, 2], 1.0),
        (Compare(levels=2), [0, 2], 1.0),  # both prefer the first, slightly and much
        (Compare(levels=2), [2, 3], 0.0),
        (Rate(5), [1, 2, 3], 2 / 3),  # 1 and 3 are two levels apart
        (Rate(None, 0.0, 2.0), [0.5, 0.7, 0.9], 2 / 3),  # within 0.2
        (Rank(3), [(0, 1, 2), (0, 2, 1)], 2 / 3),  # the pair of 1 and 2 is reversed
        (Rank(3), [(1, 2, 0), (0, 2, 1)], 0.0),
        (Check(("kind", "true")), [(1, 0), (1, 1)], 0.5),
        (Mark(3), [(0, 1, 2), (0, 2, 2)], 2 / 3),
        (Correct(2, 3), [(0, 1), (0, 0)], 0.0),  # one answer: step and action together
    ],
    ids=str,
)
def test_the_share_of_pairs_of_annotators_who_agree(ask, answers, share):
    made = buffer(ask, [[answer] for answer in answers])
    assert by_query(made) == {0: pytest.approx(share)}


def test_each_kind_of_question_has_its_own_agreement():
    made = buffer(Compare(), [[0, 1], [0, 1]])
    other = buffer(Rate(5), [[1, 4], [1, 0]])
    rows = [(r.query, r.feedback) for r in other]
    both = FeedbackBuffer()
    both.add([Query(q.segments, q.ask, query_id=q.query_id + 5) for q, _ in rows[:2]], [])
    for row in made:
        if row.feedback.annotator == "a0":
            both.add([row.query], [])
        both.add([], [row.feedback])
    both.add([], [Feedback(f.query_id + 5, f.annotator, f.answer) for _, f in rows])
    assert [(a.ask, a.raw) for a in agreement(both)] == [(Compare(), 1.0), (Rate(5), 0.5)]
