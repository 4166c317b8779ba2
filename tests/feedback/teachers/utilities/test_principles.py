from collections import Counter

import pytest

from plaudit.feedback.asks import Choose, Compare
from plaudit.feedback.teachers.utilities import Principles
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment

LONG = segment(0.0, text="a b b c")  # 4 words, variety 3/4, no question
SHORT = segment(0.0, text="a?")  # 1 word, variety 1, 1 question
OTHER = segment(0.0, text="c d")  # 2 words, variety 1, no question
THREE = ("words", "variety", {"name": "count", "text": "?"})


def together(principles, *segments):
    ask = Compare() if len(segments) == 2 else Choose(len(segments))
    return utilities_of(principles, segments, Query(segments, ask)).tolist()


@pytest.mark.parametrize(
    ("weights", "net"),
    [
        (None, -1.0),  # words for LONG, variety and "?" for SHORT: 1 - 1 - 1
        ((5.0, 1.0, 1.0), 3.0),  # 5 - 1 - 1
        ((0.0, 0.0, -2.0), 2.0),  # fewer questions
    ],
)
def test_principles_vote_and_the_difference_is_their_net_vote(weights, net):
    assert together(Principles(THREE, weights), LONG, SHORT) == [net / 2, -net / 2]


def test_by_how_much_a_criterion_differs_does_not_matter_and_equals_do_not_vote():
    assert together(Principles(("words",)), LONG, SHORT) == [0.5, -0.5]  # 4 : 1 words
    assert together(Principles(("words",)), LONG, OTHER) == [0.5, -0.5]  # 4 : 2 words
    assert together(Principles(("variety",)), SHORT, OTHER) == [0.0, 0.0]


def test_of_several_each_has_half_its_mean_margin():
    # words and variety: LONG beats none on net (1 - 1, 1 - 1); OTHER beats SHORT by 1 (words)
    expected = [0.0, -0.25, 0.25]  # sums of net votes 0, -1, 1, over 2 (3 - 1)
    assert together(Principles(("words", "variety")), LONG, SHORT, OTHER) == expected


def test_which_principles_are_held_is_drawn_from_the_seed():
    hidden = Principles(THREE, (1.0, 2.0, 4.0), count=2, draw=3)
    assert hidden.held == Principles(THREE, count=2, draw=3).held
    assert Principles(THREE).held == (0, 1, 2)
    held = Counter(Principles(THREE, count=2, draw=seed).held for seed in range(300))
    assert set(held) == {(0, 1), (0, 2), (1, 2)}
    assert min(held.values()) > 70  # of 100 each; 3.7 standard deviations of 8.2 below


def test_weights_stay_with_their_principles():
    weights = (1.0, 10.0, 100.0)
    hidden = next(p for p in (Principles(THREE, weights, 1, s) for s in range(20)) if 2 in p.held)
    assert together(hidden, LONG, SHORT) == [-50.0, 50.0]


def test_one_segment_alone_gets_no_votes():
    with pytest.raises(ValueError, match=r"Principles .* nothing about one alone; ask to compare"):
        Principles(THREE).segment(LONG)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": (1.0,)}, "weights must be 3 numbers"),
        ({"count": 4}, r"count must be an integer in 1\.\.3 principles, got 4"),
        ({"draw": -1}, "draw must be an integer of at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Principles(THREE, **settings)
