import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare, Rank, Rate
from plaudit.feedback.teachers.choices import Argmax


def test_argmax_rates_by_the_threshold_passed_and_splits_on_one():
    argmax = Argmax(center=10.0, spread=2.0)  # 3 levels: thresholds 9 and 11
    np.testing.assert_array_equal(argmax.odds(Rate(3), np.array([10.0]))[0], [0, 1, 0])
    np.testing.assert_array_equal(argmax.odds(Rate(3), np.array([11.0]))[0], [0, 0.5, 0.5])


@pytest.mark.parametrize(("ties", "expected"), [(False, [0.5, 0.5]), (True, [0, 0, 1])])
def test_argmax_is_fair_between_equals(ties, expected):
    probs = Argmax().odds(Compare(ties=ties), np.array([-2.0, -2.0]))[0]
    np.testing.assert_array_equal(probs, expected)


def test_argmax_picks_evenly_among_the_best_options():
    (odds,) = Argmax().odds(Choose(4), np.array([1.0, 3.0, 3.0, 2.0]))
    np.testing.assert_array_equal(odds, [0, 0.5, 0.5, 0])


def test_argmax_orders_with_equals_in_either_order():
    (odds,) = Argmax().odds(Rank(3), np.array([2.0, 1.0, 2.0]))
    # orders 012 021 102 120 201 210: only 0 2 1 and 2 0 1 put both twos first
    np.testing.assert_array_equal(odds, [0, 0.5, 0, 0, 0.5, 0])


def test_argmax_says_no_real_numbers():
    with pytest.raises(ValueError, match="Argmax gives no real numbers"):
        Argmax().log_density(0.0)
