import numpy as np
import pytest
from scipy.special import expit

from plaudit.feedback.teachers.choices import beta_for_agreement
from plaudit.feedback.teachers.choices.calibration import (
    MOST_PAIRED,
    beta_and_tie,
    differences_of,
    stacked,
    tie_for_share,
)


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
@pytest.mark.parametrize("agreement", [0.55, 0.75, 0.95])
def test_agreement_is_met_whatever_the_unit_of_reward(unit, agreement):
    gaps = unit * np.random.default_rng(0).normal(size=500)
    beta = beta_for_agreement(gaps, agreement)
    assert np.mean(expit(beta * np.abs(gaps))) == pytest.approx(agreement, abs=1e-6)


def test_the_beta_of_one_gap_by_hand():
    # sigmoid(beta * 2) = 0.75 where beta = ln(3) / 2 = 0.54931; the equal pair says nothing
    assert beta_for_agreement([2.0, -2.0, 0.0], 0.75) == pytest.approx(0.54931, abs=1e-5)


@pytest.mark.parametrize(
    ("differences", "agreement", "message"),
    [
        ([1.0], 0.4, r"agreement must be in \[0.5, 1\), got 0.4"),
        ([1.0], 1.0, r"agreement must be in \[0.5, 1\), got 1.0"),
        ([0.0, 0.0], 0.7, "no pair of unequal utilities"),
        ([np.nan], 0.7, "must be finite"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(differences, agreement, message):
    with pytest.raises(ValueError, match=message):
        beta_for_agreement(differences, agreement)


def test_options_are_compared_within_their_row_and_only_possible_ones():
    # 3 - 1, and 7 - 4; -inf is impossible, NaN is missing
    rows = stacked([np.array([3.0, 1.0, -np.inf]), np.array([7.0, 4.0])])
    np.testing.assert_array_equal(differences_of(rows), [2, 3])


def test_of_many_utilities_evenly_spaced_ones_stand_for_all():
    # of 0 .. 999 the mean gap is 1001 / 3 = 333.7
    gaps = np.abs(differences_of(np.arange(1000.0)[::-1]))
    assert len(gaps) == MOST_PAIRED * (MOST_PAIRED - 1) / 2
    assert gaps.mean() == pytest.approx(1001 / 3, rel=0.005)


def test_the_tie_weight_of_one_gap_by_hand():
    # cosh(2 ln(3) / 2) = 5 / 3: tie / (tie + 2 * 5 / 3) = (10 / 9) / (10 / 9 + 10 / 3) = 1 / 4
    assert tie_for_share([2 * np.log(3)], 1.0, 0.25) == pytest.approx(10 / 9)
    assert tie_for_share([2 * np.log(3)], 1.0, 0.0) == 0.0


@pytest.mark.parametrize("agreement", [0.5, 0.75, 0.95])
def test_agreement_of_the_decided_and_ties_are_met_together(agreement):
    gaps = np.append(np.zeros(50), 1e4 * np.random.default_rng(0).exponential(size=400))
    beta, tie = beta_and_tie(gaps, agreement, 0.2)
    ties = tie / (tie + 2 * np.cosh(np.minimum(beta * gaps / 2, 300)))
    unequal = gaps > 0
    right = np.average(expit(beta * gaps[unequal]), weights=1 - ties[unequal])
    assert (ties.mean(), right) == pytest.approx((0.2, agreement), abs=1e-6)


def test_answers_too_certain_to_be_ties_are_refused():
    with pytest.raises(ValueError, match=r"no weight makes 0\.1 of such certain answers ties"):
        tie_for_share([1.0, 2.0], 1e4, 0.1)
