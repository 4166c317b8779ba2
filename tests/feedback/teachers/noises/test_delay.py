import numpy as np
import pytest

from plaudit.feedback.teachers.noises import Delay


def delays(noise, count=4000):
    rng = np.random.default_rng(0)
    return np.array([noise.delay(rng) for _ in range(count)])


def test_a_constant_delay():
    assert set(delays(Delay(3), 9)) == {3}


def test_a_uniform_delay_reaches_both_ends_equally_often():
    counts = np.bincount(delays(Delay(2, 5)))
    # 4000 / 4 = 1000 each, standard deviation 27
    np.testing.assert_allclose(counts, [0, 0, 1000, 1000, 1000, 1000], atol=110)


def test_a_gamma_delay_counts_whole_ticks_on_top_of_the_least():
    late = delays(Delay(10, shape=2.0, scale=30.0))
    # mean 2 * 30 = 60, less half a tick for the whole part; standard deviation 42, of the mean 0.7
    assert late.mean() == pytest.approx(69.5, abs=3.0)
    assert late.min() >= 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"low": -1}, "need 0 <= low <= high, got -1 and None"),
        ({"low": 4, "high": 3}, "need 0 <= low <= high, got 4 and 3"),
        ({"shape": 2.0}, "give high, or both shape and scale"),
        ({"high": 3, "shape": 2.0, "scale": 1.0}, "give high, or both shape and scale"),
        ({"shape": 2.0, "scale": 0.0}, "shape and scale must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Delay(**settings)
