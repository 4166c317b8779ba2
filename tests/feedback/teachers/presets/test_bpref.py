import numpy as np
import pytest

from plaudit.feedback.teachers.presets.bpref import (
    bpref_equal,
    bpref_mistake,
    bpref_myopic,
    bpref_noisy,
    bpref_oracle,
    bpref_skip,
)
from plaudit.feedback.types import Query, Segment, SegmentRef
from tests.feedback.teachers.presets.pairs import compare

MARGIN_100 = [100.0] * 10


def odds(teacher, first, second, ties=True):
    return teacher.probs(compare(first, second, ties=ties)).tolist()


def sessions(teacher, value, count):
    """Ask in so many sessions about equal pairs of one return."""
    for _ in range(count):
        teacher.answer([compare(value, value, i) for i in range(10)])
    return teacher


@pytest.mark.parametrize("make", [bpref_oracle, bpref_myopic])
def test_exact_ties_are_fair_but_as_released_they_go_to_the_first(make):
    assert odds(make(), 1.0, 1.0) == [0, 0, 1, 0]
    assert odds(make(), 1.0, 1.0, ties=False) == [0.5, 0.5, 0]
    assert odds(make(as_released=True), 1.0, 1.0) == [1, 0, 0, 0]
    assert odds(make(as_released=True), 1.0, 2.0) == [0, 1, 0, 0]


def test_mistakes_strike_ties_called_for_the_first_as_well():
    assert odds(bpref_mistake(), 3.0, 1.0) == pytest.approx([0.9, 0.1, 0, 0])
    assert odds(bpref_mistake(as_released=True), 1.0, 1.0) == pytest.approx([0.9, 0.1, 0, 0])


def test_the_noisy_one_is_a_sigmoid_of_the_difference():
    assert odds(bpref_noisy(), np.log(3.0), 0.0) == pytest.approx([0.75, 0.25, 0, 0])


def test_the_myopic_one_likes_what_came_last():
    # 0.5 * 1 + 0 < 0 + 0.9: the second ends better
    rewards = ([1.0, 0.0], [0.0, 0.9])
    segments = tuple(
        Segment(np.zeros(3), np.zeros(2), SegmentRef("test", i, 0, 2), rewards=np.array(row))
        for i, row in enumerate(rewards)
    )
    query = Query(segments, compare(0, 0).ask)
    assert bpref_myopic(gamma=0.5).probs(query).tolist() == [0, 1, 0]
    assert bpref_oracle().probs(query).tolist() == [1, 0, 0]


def test_as_meant_thresholds_never_move():
    # 0.1 * (mean 50 - lowest 0) = 5; poor is what does not exceed 0 + 5
    reference = [0.0, 100.0]
    equal = sessions(bpref_equal(reference_returns=reference), 1e4, 3)
    assert odds(equal, 4.9, 0.0) == [0, 0, 1, 0]
    assert odds(equal, 5.1, 0.0) == [1, 0, 0, 0]
    skip = sessions(bpref_skip(reference_returns=reference), 1e4, 3)
    assert odds(skip, 5.0, 0.0) == [0, 0, 0, 1]
    assert odds(skip, 5.1, 0.0) == [1, 0, 0, 0]


def test_as_meant_negative_returns_are_skipped_and_called_equal_too():
    reference = [-1000.0, -900.0]  # margin 0.1 * 50 = 5
    assert odds(bpref_equal(reference_returns=reference), -900.0, -904.9) == [0, 0, 1, 0]
    assert odds(bpref_skip(reference_returns=reference), -996.0, -995.0) == [0, 0, 0, 1]


def test_as_released_the_threshold_is_squared_after_the_first_session():
    # margin 100, eps 0.1: 10 in the first session, 1 afterwards
    equal = bpref_equal(as_released=True, reference_returns=MARGIN_100)
    assert odds(equal, 9.9, 0.0) == [0, 0, 1, 0]
    sessions(equal, 100.0, 1)
    assert odds(equal, 9.9, 0.0) == [1, 0, 0, 0]
    assert odds(equal, 0.9, 0.0) == [0, 0, 1, 0]
    skip = bpref_skip(as_released=True, reference_returns=MARGIN_100)
    assert odds(skip, 9.9, 0.0) == [0, 0, 0, 1]
    sessions(skip, 100.0, 1)
    assert odds(skip, 9.9, 0.0) == [1, 0, 0, 0]


def test_as_released_the_threshold_follows_the_latest_returns():
    skip = bpref_skip(as_released=True, reference_returns=MARGIN_100)
    sessions(skip, 100_000.0, 1)  # 0.1 * 0.1 * 100 000 = 1000
    assert odds(skip, 999.0, 0.0) == [0, 0, 0, 1]
    sessions(skip, -100_000.0, 1)
    assert odds(skip, 999.0, 0.0) == [1, 0, 0, 0]


def test_settings_that_exclude_each_other_are_refused():
    with pytest.raises(ValueError, match=r"knows no threshold but eps, got 3\.0"):
        bpref_skip(threshold=3.0, as_released=True)
    with pytest.raises(ValueError, match="reference_returns calibrate"):
        bpref_equal(threshold=3.0, reference_returns=[0.0, 1.0])
