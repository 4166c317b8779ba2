import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare, Describe, Mark, Rate
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.noises import Equal, ReleasedEqual, ReleasedSkip, SkipPoor
from plaudit.feedback.teachers.noises.base import Memory, Odds
from tests.feedback.teachers.noises.situations import situation

RETURNS = np.array([-100.0, -60.0, -50.0, -30.0])  # mean -60, lowest -100


def answered(noise, ask, utilities, choice=None, memory=None):
    """The odds after the noise has struck utilities and odds."""
    here = situation(ask, utilities, memory=memory)
    felt = noise.utilities(here.utilities, here)
    return noise.odds(Odds((choice or Argmax()).odds(ask, felt)), here)


@pytest.mark.parametrize(("gap", "expected"), [(0.49, [0, 0, 1]), (0.5, [1, 0, 0])])
def test_below_the_threshold_a_tie_is_certain(gap, expected):
    (part,), _ = answered(Equal(0.5), Compare(ties=True), [gap, 0.0])
    np.testing.assert_array_equal(part, expected)


def test_where_no_tie_may_be_said_the_answer_is_fair():
    (part,), _ = answered(Equal(0.5), Compare(), [0.0, 0.4])
    np.testing.assert_array_equal(part, [0.5, 0.5])
    (part,), _ = answered(Equal(0.5), Choose(3), [0.0, 0.4, 0.2])
    np.testing.assert_allclose(part, [1 / 3] * 3)


def test_strengths_without_a_tie_are_as_of_equals():
    ask = Compare(levels=2)
    (part,), _ = answered(Equal(0.5), ask, [0.0, 0.4], Boltzmann(1.0))
    (expected,) = Boltzmann(1.0).odds(ask, np.zeros(2))
    np.testing.assert_allclose(part, expected)


def test_every_attribute_is_compared_for_itself():
    ask = Describe(("fast", "kind"), compare=True)
    (fast, kind), _ = answered(Equal(0.5), ask, [[1.0, 0.1], [0.0, 0.3]])
    np.testing.assert_array_equal(fast, [1, 0, 0])
    np.testing.assert_array_equal(kind, [0, 0, 1])


@pytest.mark.parametrize(("best", "skip"), [(-0.5, 1.0), (-0.4, 0.0)])
def test_only_where_all_are_poor_is_a_question_skipped(best, skip):
    assert answered(SkipPoor(-0.5), Compare(), [-9.0, best]).skip == skip
    assert answered(SkipPoor(-0.5), Rate(3), [best]).skip == skip


def test_one_segment_is_never_equal_and_steps_are_never_too_poor():
    # 5.0 lies above the middle thresholds -0.5 and 0.5: the best of three levels
    np.testing.assert_array_equal(answered(Equal(9.0), Rate(3), [5.0]).parts[0], [0, 0, 1])
    assert answered(SkipPoor(9.0), Mark(2), [0.0, 0.0]).skip == 0.0


def test_a_share_becomes_a_margin_above_zero_even_where_returns_are_negative():
    # 0.1 * (-60 - -100) = 4; poor is what does not exceed -100 + 4
    assert Equal(share=0.1).calibrate(RETURNS).threshold == pytest.approx(4.0)
    assert SkipPoor(share=0.1).calibrate(RETURNS).threshold == pytest.approx(-96.0)


def test_a_constant_added_to_all_returns_changes_no_answer():
    assert Equal(share=0.1).calibrate(RETURNS + 500).threshold == pytest.approx(4.0)
    assert SkipPoor(share=0.1).calibrate(RETURNS + 500).threshold == pytest.approx(404.0)


def test_where_the_worst_earns_nothing_the_margin_is_the_published_one():
    # B-Pref: eps * mean return = 0.1 * 40
    assert Equal(share=0.1).calibrate(RETURNS + 100).threshold == pytest.approx(4.0)
    assert SkipPoor(share=0.1).calibrate(RETURNS + 100).threshold == pytest.approx(4.0)


def test_a_threshold_stays_what_it_is_whatever_is_judged_later():
    noise = Equal(share=0.1).calibrate(RETURNS)
    assert noise.calibrated
    later = Memory(answered=900, sessions=9, recent=(1e6,) * 10)
    (part,), _ = answered(noise, Compare(ties=True), [3.9, 0.0], memory=later)
    np.testing.assert_array_equal(part, [0, 0, 1])


def test_a_released_threshold_is_squared_after_the_first_session():
    # margin 100, eps 0.1: 0.1 * 100 = 10 at first, then 0.1 * 0.1 * 100 = 1
    for noise in (ReleasedSkip(0.1), ReleasedEqual(0.1)):
        fitted = noise.calibrate(np.array([7.0, *[100.0] * 10]))  # the latest ten count
        assert fitted.limit(Memory()) == pytest.approx(10.0)
        assert fitted.limit(Memory(9, 1, (100.0,) * 10)) == pytest.approx(1.0)


def test_released_teachers_are_inactive_under_negative_returns():
    # an episode of 200 steps that returns -1000, a segment of 5: 0.1 * -1000 * 5 / 200 = -2.5
    margin = np.full(10, -1000 * 5 / 200)
    skip, equal = ReleasedSkip(0.1).calibrate(margin), ReleasedEqual(0.1).calibrate(margin)
    assert skip.limit(Memory()) == equal.limit(Memory()) == pytest.approx(-2.5)
    assert answered(skip, Compare(), [-30.0, -40.0]).skip == 0.0
    (part,), _ = answered(equal, Compare(ties=True), [-30.0, -30.0 - 1e-9])
    np.testing.assert_array_equal(part, [1, 0, 0])


def test_a_released_teacher_skips_and_ties_while_returns_are_positive():
    skip, equal = ReleasedSkip(0.1, 100.0), ReleasedEqual(0.1, 100.0)
    later = Memory(9, 1, (100.0,) * 10)
    assert answered(skip, Compare(), [9.0, 10.0]).skip == 1.0
    assert answered(skip, Compare(), [9.0, 10.0], memory=later).skip == 0.0
    assert answered(equal, Compare(ties=True), [9.0, 5.0]).parts[0][2] == 1.0
    assert answered(equal, Compare(ties=True), [9.0, 5.0], memory=later).parts[0][2] == 0.0


@pytest.mark.parametrize("noise", [Equal, SkipPoor])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs a threshold or a share, got neither"),
        ({"threshold": np.nan}, "threshold must be a finite number, got nan"),
        ({"share": 0.0}, "share must be a finite number above 0, got 0.0"),
    ],
)
def test_settings_out_of_range_are_refused(noise, settings, message):
    with pytest.raises(ValueError, match=message):
        noise(**settings)


def test_what_cannot_be_calibrated_or_used_is_refused():
    with pytest.raises(ValueError, match=r"Equal: no share of equal utilities .* 3 times 2.0"):
        Equal(share=0.1).calibrate(np.full(3, 2.0))
    with pytest.raises(ValueError, match=r"share=0.1 is not yet a threshold"):
        answered(Equal(share=0.1), Compare(), [0.0, 1.0])
    with pytest.raises(ValueError, match="ReleasedSkip has no margin yet"):
        answered(ReleasedSkip(0.1), Compare(), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"eps must be a finite number of at least 0, got -0.1"):
        ReleasedEqual(-0.1)
