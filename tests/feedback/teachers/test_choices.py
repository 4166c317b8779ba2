import numpy as np
import pytest
from scipy.special import expit

from plaudit.feedback.teachers.choices import Argmax, Boltzmann, CoinFlip, beta_for_agreement
from plaudit.feedback.types import Compare, Rate


def test_boltzmann_is_the_sigmoid_of_the_difference():
    # beta 2, difference 0.5: sigmoid(1) = 0.73106
    probs = Boltzmann(2.0).probs(Compare(), np.array([0.7, 0.2]))
    np.testing.assert_allclose(probs, [0.73106, 0.26894], atol=1e-5)


def test_davidsons_tie_between_equals():
    # tie 1, equal utilities: three answers of weight 1
    probs = Boltzmann(3.0, tie=1.0).probs(Compare(ties=True), np.array([5.0, 5.0]))
    np.testing.assert_allclose(probs, [1 / 3, 1 / 3, 1 / 3])


def test_ties_leave_the_odds_of_the_decided_answers_alone():
    utilities = np.array([1.0, 0.4])
    with_ties = Boltzmann(1.0, tie=0.7).probs(Compare(ties=True), utilities)
    without = Boltzmann(1.0).probs(Compare(), utilities)
    np.testing.assert_allclose(with_ties[:2] / with_ties[:2].sum(), without)


def test_ordinal_ratings_by_hand():
    # 3 levels: thresholds -0.5 and 0.5; u = 0.5, beta 1:
    # P(<=0) = sigmoid(-1) = 0.26894, P(<=1) = sigmoid(0) = 0.5
    probs = Boltzmann(1.0).probs(Rate(3), np.array([0.5]))
    np.testing.assert_allclose(probs, [0.26894, 0.23106, 0.5], atol=1e-5)


def test_argmax_rates_by_the_threshold_passed_and_splits_on_one():
    argmax = Argmax(center=10.0, spread=2.0)  # 3 levels: thresholds 9 and 11
    np.testing.assert_array_equal(argmax.probs(Rate(3), np.array([10.0])), [0, 1, 0])
    np.testing.assert_array_equal(argmax.probs(Rate(3), np.array([11.0])), [0, 0.5, 0.5])


@pytest.mark.parametrize(("ties", "expected"), [(False, [0.5, 0.5]), (True, [0, 0, 1])])
def test_argmax_is_fair_between_equals(ties, expected):
    probs = Argmax().probs(Compare(ties=ties), np.array([-2.0, -2.0]))
    np.testing.assert_array_equal(probs, expected)


def test_huge_returns_do_not_overflow():
    probs = Boltzmann(1.0, tie=1.0).probs(Compare(ties=True), np.array([-1e6, 1e6]))
    np.testing.assert_array_equal(probs, [0, 1, 0])


def test_coin_flip_gives_every_answer_the_same_odds():
    np.testing.assert_allclose(CoinFlip().probs(Rate(4), np.array([9.0])), [0.25] * 4)


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


@pytest.mark.parametrize(
    "settings", [{"beta": -1.0}, {"beta": None}, {"tie": -0.1}, {"spread": 0.0}, {"agreement": 1.2}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="got"):
        Boltzmann(**settings)
