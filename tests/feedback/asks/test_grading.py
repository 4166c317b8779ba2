import numpy as np
import pytest
from scipy.special import expit

from plaudit.feedback.asks import Approve, Rate, React
from plaudit.feedback.teachers.choices import Boltzmann


def test_an_approval_is_a_utility_above_the_center():
    # u - center = 1, beta 2: sigmoid(2) = 0.88080
    (odds,) = Boltzmann(2.0, center=0.5).odds(Approve(), np.array([1.5]))
    np.testing.assert_allclose(odds, [0.11920, 0.88080], atol=1e-5)


def test_reactions_are_rare_and_silence_tells_something():
    # love 0.1 * sigmoid(1) = 0.07311, hate 0.2 * sigmoid(-1) = 0.05379, none the rest
    ask = React(("love", "hate"), (1, -1), (0.1, 0.2))
    (odds,) = Boltzmann().odds(ask, np.array([1.0]))
    np.testing.assert_allclose(odds, [0.07311, 0.05379, 0.87311], atol=1e-5)


def test_a_continuous_rating_is_the_limit_of_many_levels():
    # 2 000 levels on [-1, 1], 0.001 apart: P(level) / 0.001 is the density at its middle,
    # given that the judgement lies within the range
    ask, fine = Rate(None, low=-1.0, high=1.0), Rate(2000)
    choice = Boltzmann(2.0, spread=0.001)
    (odds,) = choice.odds(fine, np.array([0.3]))
    inside = expit(2.0 * (1.0 - 0.3)) - expit(2.0 * (-1.0 - 0.3))
    middles = -1.0 + 0.001 * (np.arange(2000) + 0.5)
    expected = np.exp(ask.log_density(middles, np.float64(0.3), Boltzmann(2.0)))
    np.testing.assert_allclose(odds[1:-1] / 0.001 / inside, expected[1:-1], rtol=1e-5)


@pytest.mark.parametrize("utility", [-40.0, 0.2, 40.0])
@pytest.mark.parametrize("uniform", [0.0, 0.3, 1.0])
def test_quantiles_lie_within_the_range_however_extreme_the_utility(utility, uniform):
    ask = Rate(None, low=2.0, high=5.0)
    assert 2.0 <= ask.quantile(uniform, utility, Boltzmann(1.0)) <= 5.0


def test_the_quantile_inverts_the_distribution():
    ask, choice = Rate(None, low=-1.0, high=1.0), Boltzmann(1.5)
    numbers = np.linspace(-1.0, ask.quantile(0.7, 0.4, choice), 20_001)
    density = np.exp(ask.log_density(numbers, np.float64(0.4), choice))
    assert np.trapezoid(density, numbers) == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("answer", [-0.1, 1.1, float("nan"), (0.5,), True, "0.5", None])
def test_numbers_outside_the_range_are_refused(answer):
    with pytest.raises(ValueError, match=r"expected a number in \[0.0, 1.0\]"):
        Rate(None).check(answer)


@pytest.mark.parametrize("answer", [5, -1, 1.5, True, "2", None, (2,)])
def test_levels_off_the_scale_are_refused(answer):
    with pytest.raises(ValueError, match=r"expected an integer in 0\.\.4"):
        Rate(5).check(answer)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"levels": 1}, "levels must be an integer of at least 2"),
        ({"levels": None, "low": 1.0, "high": 1.0}, "low must be below high"),
    ],
)
def test_scales_without_a_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Rate(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"rates": (0.0,)},
        {"kinds": ("a", "b"), "signs": (1, 1), "rates": (0.6, 0.6)},
        {"signs": (2,)},
        {"kinds": ("a", "b")},
    ],
)
def test_impossible_reactions_are_refused(settings):
    with pytest.raises(ValueError, match="got"):
        React(**settings)


def test_who_does_not_look_reacts_half_as_often_as_the_rates_allow():
    # rates 0.6 and 0.3, each halved: 0.3 and 0.15, and silence 1 - 0.45 = 0.55
    ask = React(("love", "boo"), (1, -1), (0.6, 0.3))
    (odds,) = ask.log_random(np.zeros(1))
    np.testing.assert_allclose(np.exp(odds), [0.3, 0.15, 0.55])
