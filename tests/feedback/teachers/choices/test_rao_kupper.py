import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Rank
from plaudit.feedback.teachers.choices import Boltzmann, RaoKupper


def test_a_comparison_with_ties_by_hand():
    # u = (1, 0), k = exp(0.5) = 1.64872: P(first) = e / (e + k) = 0.62246,
    # P(second) = 1 / (1 + k e) = 0.18243, P(tie) = (k^2 - 1) P P = 1.71828 * 0.11355 = 0.19511
    (odds,) = RaoKupper(indifference=0.5).odds(Compare(ties=True), np.array([1.0, 0.0]))
    np.testing.assert_allclose(odds, [0.62246, 0.18243, 0.19511], atol=1e-5)


@pytest.mark.parametrize("gap", [-800.0, -3.0, 0.0, 40.0])
def test_its_odds_add_up_however_far_apart_the_two_are(gap):
    (odds,) = RaoKupper(2.0, indifference=0.7).odds(Compare(ties=True), np.array([gap, 0.0]))
    log_odds = RaoKupper(2.0, indifference=0.7).log_pair(np.array(gap), True)
    assert np.exp(log_odds).sum() == pytest.approx(1.0, abs=1e-12)
    assert odds.min() >= 0.0


def test_all_but_ties_is_boltzmann():
    utilities = np.array([0.3, 1.0, -0.5])
    expected = Boltzmann(1.5).odds(Rank(3), utilities)
    np.testing.assert_array_equal(RaoKupper(1.5).odds(Rank(3), utilities), expected)


def test_davidsons_tie_is_refused():
    with pytest.raises(ValueError, match=r"by indifference; got tie=0.5"):
        RaoKupper(tie=0.5)


def test_a_vast_indifference_is_a_certain_tie():
    (odds,) = RaoKupper(indifference=800.0).odds(Compare(ties=True), np.array([1.0, 0.0]))
    np.testing.assert_array_equal(odds, [0, 0, 1])
