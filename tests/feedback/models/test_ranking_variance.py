import numpy as np
import pytest

from plaudit.feedback.models.ranking_variance import ranking_variance

THREE = np.array([[[0.0], [1.0], [3.0]]])


def test_of_two_things_it_is_that_of_a_comparison():
    # phi differs by 2, theta 0.5: p = sigma(1), information 4 p (1 - p) = 4 * 0.196612 = 0.786448
    pair = np.array([[[2.0], [0.0]]])
    for pairs in (False, True):
        found = ranking_variance(pair, np.array([0.5]), pairs)
        assert found == pytest.approx(1 / 0.786448, rel=1e-5)


def test_of_three_things_alike_good_by_hand():
    # At theta 0, phi = 0, 1, 3. Choosing the first of three tells the variance of phi, 14/9; the
    # second, a quarter of the squared difference, in the mean over pairs (1 + 9 + 4) / 12 = 7/6.
    whole = ranking_variance(THREE, np.zeros(1))
    assert whole == pytest.approx(1 / (14 / 9 + 7 / 6))
    # Pairs: H = (1 + 9 + 4) / 4 = 3.5. The score is half the sum of signed differences, which is
    # (best - worst) as each ranking counts every pair: S = mean of (best - worst)^2 = 14 / 3.
    split = ranking_variance(THREE, np.zeros(1), pairs=True)
    assert split == pytest.approx((14 / 3) / 3.5**2)
    assert whole < split


def test_shapes_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="features must be"):
        ranking_variance(THREE, np.zeros(2))
