import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare, Rank, Rate
from plaudit.feedback.teachers.noises import FirstOnTie, PositionBias
from plaudit.feedback.teachers.noises.base import Odds
from tests.feedback.teachers.noises.situations import situation


def tilted(ask, part, order=()):
    spoilt = PositionBias(np.log(3.0)).odds(Odds((np.array(part),)), situation(ask, order=order))
    return spoilt.parts[0]


@pytest.mark.parametrize(("order", "expected"), [((0, 1), [0.75, 0.25]), ((1, 0), [0.25, 0.75])])
def test_position_bias_favours_what_is_shown_first_not_what_is_stored_first(order, expected):
    # odds 1:1 times e^ln(3) = 3:1
    np.testing.assert_allclose(tilted(Compare(), [0.5, 0.5], order), expected)


def test_position_bias_keeps_the_odds_of_a_tie():
    # 0.1 * 3 : 0.3 = 1 : 1 of the 0.4 that are decided
    part = tilted(Compare(ties=True), [0.1, 0.3, 0.6])
    np.testing.assert_allclose(part, [0.2, 0.2, 0.6])


def test_position_bias_favours_the_first_of_several():
    # shown first is number 2: odds 1 : 1 : 3
    np.testing.assert_allclose(tilted(Choose(3), [1 / 3] * 3, (2, 0, 1)), [0.2, 0.2, 0.6])


def test_position_bias_favours_orders_that_put_the_first_on_top():
    # orders 012 021 102 120 201 210: those that begin with 1 get odds 3 of 2 * 3 + 4 = 10
    part = tilted(Rank(3), [1 / 6] * 6, (1, 0, 2))
    np.testing.assert_allclose(part, [0.1, 0.1, 0.3, 0.3, 0.1, 0.1])


def test_position_bias_leaves_ratings_and_certain_ties_alone():
    np.testing.assert_array_equal(tilted(Rate(3), [0.2, 0.3, 0.5]), [0.2, 0.3, 0.5])
    np.testing.assert_array_equal(tilted(Compare(ties=True), [0.0, 0.0, 1.0]), [0.0, 0.0, 1.0])


def test_a_bias_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="logit must be a finite number, got inf"):
        PositionBias(np.inf)


@pytest.mark.parametrize(
    ("utilities", "expected"), [([2.0, 2.0], [1.0, 0.0, 0.0]), ([2.0, 2.1], [0.3, 0.3, 0.4])]
)
def test_an_exact_tie_goes_to_what_is_stored_first(utilities, expected):
    here = situation(Compare(ties=True), utilities, order=(1, 0))
    (part,), _ = FirstOnTie().odds(Odds((np.array([0.3, 0.3, 0.4]),)), here)
    np.testing.assert_array_equal(part, expected)
