import numpy as np
import pytest
from scipy.stats import norm

from plaudit.feedback.asks import Approve, Choose, Compare, Rate
from plaudit.feedback.teachers.choices import Thurstone


def test_a_comparison_by_hand():
    # difference 1, sd 0.5: Phi(1 / (sqrt(2) * 0.5)) = Phi(1.41421) = 0.92135
    (odds,) = Thurstone(0.5).odds(Compare(), np.array([2.0, 1.0]))
    np.testing.assert_allclose(odds, [0.92135, 0.07865], atol=1e-5)


def test_a_tie_is_a_felt_difference_below_the_indifference():
    # difference 0.3 felt with sd sqrt(2): P(|0.3 + sqrt(2) z| < 0.5)
    # = Phi(0.2 / 1.41421) - Phi(-0.8 / 1.41421) = 0.55623 - 0.28580 = 0.27043
    (odds,) = Thurstone(1.0, indifference=0.5).odds(Compare(ties=True), np.array([0.3, 0.0]))
    assert odds[2] == pytest.approx(0.27043, abs=1e-5)
    assert odds.sum() == pytest.approx(1.0)


def test_without_indifference_ties_are_never_said():
    (odds,) = Thurstone(1.0).odds(Compare(ties=True), np.array([0.0, 0.0]))
    np.testing.assert_allclose(odds, [0.5, 0.5, 0.0])


def test_one_utility_is_felt_with_the_noise_of_one():
    # u = 1 above center 0, sd 2: Phi(0.5) = 0.69146
    (odds,) = Thurstone(2.0).odds(Approve(), np.array([1.0]))
    assert odds[1] == pytest.approx(0.69146, abs=1e-5)


def test_a_continuous_rating_is_a_truncated_normal():
    ask, choice = Rate(None, low=-1.0, high=1.0), Thurstone(0.7)
    numbers = np.linspace(-1.0, 1.0, 5)
    expected = norm.pdf(numbers, 0.4, 0.7) / (norm.cdf(1, 0.4, 0.7) - norm.cdf(-1, 0.4, 0.7))
    np.testing.assert_allclose(np.exp(ask.log_density(numbers, np.float64(0.4), choice)), expected)


def test_its_agreement_is_met():
    utilities = np.random.default_rng(0).gamma(0.5, size=60)
    choice = Thurstone(None, agreement=0.8).calibrate(utilities)
    first, second = np.triu_indices(60, 1)
    gaps = np.abs(utilities[first] - utilities[second])
    assert norm.cdf(gaps / (np.sqrt(2) * choice.sd)).mean() == pytest.approx(0.8, abs=1e-6)


def test_picking_one_of_several_is_refused():
    with pytest.raises(ValueError, match="no closed form for picking one of several"):
        Thurstone().odds(Choose(3), np.zeros(3))


@pytest.mark.parametrize("settings", [{"sd": 0.0}, {"sd": None}, {"indifference": -1.0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="got"):
        Thurstone(**settings)
