import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.teachers.choices import Boltzmann, RaoKupper, Thurstone


def test_boltzmann_is_the_sigmoid_of_the_difference():
    # beta 2, difference 0.5: sigmoid(1) = 0.73106
    probs = Boltzmann(2.0).odds(Compare(), np.array([0.7, 0.2]))[0]
    np.testing.assert_allclose(probs, [0.73106, 0.26894], atol=1e-5)


def test_davidsons_tie_between_equals():
    # tie 1, equal utilities: three answers of weight 1
    probs = Boltzmann(3.0, tie=1.0).odds(Compare(ties=True), np.array([5.0, 5.0]))[0]
    np.testing.assert_allclose(probs, [1 / 3, 1 / 3, 1 / 3])


def test_ties_leave_the_odds_of_the_decided_answers_alone():
    utilities = np.array([1.0, 0.4])
    with_ties = Boltzmann(1.0, tie=0.7).odds(Compare(ties=True), utilities)[0]
    without = Boltzmann(1.0).odds(Compare(), utilities)[0]
    np.testing.assert_allclose(with_ties[:2] / with_ties[:2].sum(), without)


def test_ordinal_ratings_by_hand():
    # 3 levels: thresholds -0.5 and 0.5; u = 0.5, beta 1:
    # P(<=0) = sigmoid(-1) = 0.26894, P(<=1) = sigmoid(0) = 0.5
    probs = Boltzmann(1.0).odds(Rate(3), np.array([0.5]))[0]
    np.testing.assert_allclose(probs, [0.26894, 0.23106, 0.5], atol=1e-5)


def test_huge_returns_do_not_overflow():
    probs = Boltzmann(1.0, tie=1.0).odds(Compare(ties=True), np.array([-1e6, 1e6]))[0]
    np.testing.assert_array_equal(probs, [0, 1, 0])


@pytest.mark.parametrize(
    "settings", [{"beta": -1.0}, {"beta": None}, {"tie": -0.1}, {"spread": 0.0}, {"agreement": 1.2}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="got"):
        Boltzmann(**settings)


def test_a_share_of_ties_is_calibrated_with_the_agreement_or_alone():
    utilities = np.array([0.0, 2 * np.log(3)])
    waiting = Boltzmann(1.0, tie_share=0.25)
    assert not waiting.calibrated
    # cosh(ln 3) = 5 / 3: tie / (tie + 10 / 3) = 1 / 4
    alone = waiting.calibrate(utilities)
    assert (alone.beta, alone.tie, alone.calibrated) == (1.0, pytest.approx(10 / 9), True)
    # expit(beta * 2 ln 3) = 0.9 for beta = 1, since 3^2 / (1 + 3^2) = 0.9
    both = Boltzmann(None, 0.9, tie_share=0.25).calibrate(utilities)
    assert (both.beta, both.tie) == pytest.approx((1.0, 10 / 9))
    assert both.calibrated


def test_a_share_of_ties_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"tie_share must be below 1, got 1.0"):
        Boltzmann(tie_share=1.0)


@pytest.mark.parametrize(
    "choice", [Boltzmann(20.0), Thurstone(0.05)], ids=lambda c: type(c).__name__
)
@pytest.mark.parametrize("uniform", [0.1, 0.9])
def test_real_numbers_follow_their_density_however_far_out(choice, uniform):
    ask = Rate(None, low=-1.0, high=1.0)
    assert ask.quantile(uniform, 100.0, choice) == pytest.approx(1.0, abs=0.2)
    assert ask.quantile(uniform, -100.0, choice) == pytest.approx(-1.0, abs=0.2)


@pytest.mark.parametrize(
    "choice",
    [
        Boltzmann(None, agreement=0.75, tie=2.0),
        RaoKupper(None, agreement=0.75, indifference=1.0),
        Thurstone(None, agreement=0.75, indifference=1.0),
    ],
    ids=lambda choice: type(choice).__name__,
)
@pytest.mark.parametrize("ties", [True, False])
def test_an_agreement_is_that_of_decided_answers_with_and_without_ties(choice, ties):
    utilities = np.random.default_rng(0).normal(size=200)
    first, second = np.triu_indices(200, 1)
    gaps = np.abs(utilities[first] - utilities[second])
    odds = np.exp(choice.calibrate(utilities, ties).log_pair(gaps, ties))
    assert odds[:, 0].sum() / odds[:, :2].sum() == pytest.approx(0.75, abs=1e-6)
