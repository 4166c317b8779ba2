import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.strength import auroc, flip, margin, soften, votes
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

CELLS = {"name": "cells", "sizes": [1], "actions_n": 2}


def compared(answers):
    """Action 0 against action 1, again and again."""
    pair = tuple(
        Segment(np.zeros((2, 1), np.int64), np.array([a]), SegmentRef("bandit", a, 0, 1))
        for a in range(2)
    )
    buffer = FeedbackBuffer()
    queries = [Query(pair, Compare(), query_id=i) for i in range(len(answers))]
    buffer.add(queries, [Feedback(i, "a", answer) for i, answer in enumerate(answers)])
    return buffer


def linear():
    return feedback.model("linear", features=CELLS, l2=1e-6)


def said(buffer):
    return [row.feedback.answer for row in buffer]


def test_the_outvoted_answer_is_weak_by_as_much_as_the_others_find():
    strength = votes(compared([0, 0, 1, 0, 0, 0, 0, 0]), linear, folds=8).mean(0)
    assert strength[2] < 0.0 < strength[[0, 1, 3, 4, 5, 6, 7]].min()
    # each of the others is judged by 7 answers, 6 of them for action 0: log 6 apart
    assert strength[0] == pytest.approx(np.log(6), abs=1e-3)


def test_no_answer_speaks_for_itself():
    # two folds of one answer each: either voter saw only the answer that contradicts
    assert votes(compared([0, 1]), linear, folds=2).mean(0).max() < 0.0


def test_skips_have_no_strength():
    assert votes(compared([0, None, 0, 0]), linear, folds=3).shape[1] == 3


def test_weak_answers_are_reversed():
    strength = np.array([1.0, -0.5, -2.0])
    assert said(flip(compared([0, 0, 1]), strength)) == [0, 1, 0]
    assert said(flip(compared([0, 0, 1]), strength, below=-1.0)) == [0, 0, 0]


def test_doubt_is_bayes():
    # m = 0.2, s = log 3: 0.2 * 1/4 against 0.8 * 3/4, so 0.05 / 0.65 = 1 / 13
    assert soften(np.log([3.0]), 0.2) == pytest.approx(1 / 13)
    assert soften(np.zeros(1), 0.2) == pytest.approx(0.2)  # who sees no margin knows m alone
    assert soften(np.log([3.0]), 0.2, scale=0.0) == pytest.approx(0.2)


def test_a_margin_is_a_share_of_the_strength():
    assert margin(np.array([2.0, -1.0]), 0.5).tolist() == [1.0, -0.5]


def test_auroc_counts_pairs_of_a_wrong_and_a_right_answer():
    # wrong 1 and 3 against right 2 and 4: weaker in 3 of 4
    assert auroc(np.array([1.0, 2, 3, 4]), np.array([1, 0, 1, 0])) == 0.75
    assert auroc(np.ones(2), np.array([1, 0])) == 0.5


def test_auroc_of_probabilities_is_that_of_many_draws():
    # P(i wrong, j right, i weaker), half for a tie with itself: 1/2 * 1/2 (tie of 0) + 1/2 * 1
    # + 0 (of 1, never wrong), over P(wrong) P(right) = 1/2 * 3/2: (1/8 + 1/2) / (3/4) = 5/6
    assert auroc(np.array([0.0, 1.0]), np.array([0.5, 0.0])) == pytest.approx(5 / 6)


def test_what_does_not_go_with_it_is_refused():
    with pytest.raises(ValueError, match="one per answer"):
        flip(compared([0, 1]), np.zeros(3))
    with pytest.raises(ValueError, match="auroc needs wrong and right answers"):
        auroc(np.ones(2), np.zeros(2))
    with pytest.raises(ValueError, match="folds must be"):
        votes(compared([0, 1]), linear, folds=3)
    rated = FeedbackBuffer()
    segment = Segment(np.zeros((2, 1)), np.zeros(1), SegmentRef("t", 0, 0, 1))
    rated.add([Query((segment,), Rate())], [Feedback(0, "a", 1)])
    with pytest.raises(ValueError, match="comparisons without ties"):
        votes(rated, linear)
