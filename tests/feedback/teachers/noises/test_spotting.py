import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Mark
from plaudit.feedback.teachers.noises.base import Memory, Odds, Situation
from plaudit.feedback.teachers.noises.spotting import Spotting
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment


def given(noise, *steps, cells=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0, 0))):
    query = Query((segment(0.0),), Mark(len(steps)))
    situation = Situation(query, (), np.array(steps), Memory())
    odds = noise.odds(Odds(tuple(np.array(part) for part in cells)), situation)
    return [part.tolist() for part in odds.parts]


def test_marks_are_missed_and_made_by_error():
    # f = .8 (.25 / .75) (1 - .5) / .5 = .2667; recall .8
    noise = Spotting(0.8, 0.5, standing_out=0.25)
    false = 0.8 / 3
    unmarked, poor, good, absent = given(noise, 0.0, -1.0, 1.0, np.nan)
    np.testing.assert_allclose(unmarked, [1 - false, false / 2, false / 2])
    np.testing.assert_allclose(poor, [0.2, 0.8, 0.0])
    np.testing.assert_allclose(good, [0.2, 0.0, 0.8])
    assert absent == [1.0, 0.0, 0.0]  # there is no such step


@pytest.mark.parametrize(("recall", "precision", "share"), [(0.8, 0.9, 0.3), (1.0, 0.4, 0.2)])
def test_the_share_of_marks_that_are_meant_is_the_precision(recall, precision, share):
    noise = Spotting(recall, precision, share)
    unmarked, poor, *_ = given(noise, 0.0, -1.0, 1.0, 0.0)
    meant = share * (1 - poor[0])
    made = meant + (1 - share) * (1 - unmarked[0])
    assert meant / made == pytest.approx(precision)
    assert meant == pytest.approx(share * recall)


def test_the_share_of_steps_that_stand_out_is_counted_once():
    # beyond 1 +- .5: 0, 2 and 1.6; within: 1 and the threshold 1.5 itself; NaN is no step
    noise = Spotting(0.8, 0.9, center=1.0, spread=1.0)
    assert not noise.calibrated
    found = noise.calibrate(np.array([0.0, 1.0, 2.0, np.nan, 1.5, 1.6]))
    assert found.standing_out == pytest.approx(3 / 5)
    assert found.calibrated


def test_other_questions_are_left_alone():
    odds = Odds((np.array([0.7, 0.3]),))
    situation = Situation(Query((segment(0.0),) * 2, Compare()), (), np.zeros(2), Memory())
    assert Spotting(0.5, 0.5, 0.5).odds(odds, situation) is odds


def test_it_is_of_no_use_before_it_is_calibrated():
    with pytest.raises(ValueError, match="how many steps stand out: answer a first batch"):
        given(Spotting(0.8, 0.9), 0.0, -1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((1.1, 0.9), r"recall must be a number in 0\.\.1"),
        ((0.8, 0.0), "precision must be a number above 0 and at most 1"),
        ((0.8, 0.9, 1.5), r"standing_out must be a number in 0\.\.1"),
        # even if every other step is marked too, .8 * .5 of .8 * .5 + .5 marks are meant
        ((0.8, 0.3, 0.5), r"precision must be at least 0\.444 where 0\.5 of the steps stand out"),
    ],
)
def test_shares_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Spotting(*settings)


def test_where_all_stands_out_nothing_is_marked_by_error():
    assert Spotting(0.8, 0.9, standing_out=1.0).false_marks == 0.0
