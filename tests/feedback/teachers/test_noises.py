import numpy as np
import pytest

from plaudit.feedback.teachers.noises import Lapse, Mistake, PositionBias, Skip
from plaudit.feedback.types import Compare, Query, Rate, Segment, SegmentRef


def query(ask, order=()):
    segment = Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1))
    return Query((segment,) * ask.segments, ask, order)


def test_a_mistake_swaps_first_and_second_and_spares_the_tie():
    # 0.9 * 0.6 + 0.1 * 0.2 = 0.56; 0.9 * 0.2 + 0.1 * 0.6 = 0.24
    spoilt = Mistake(0.1)(np.array([0.6, 0.2, 0.1, 0.1]), query(Compare(ties=True)))
    np.testing.assert_allclose(spoilt, [0.56, 0.24, 0.1, 0.1])


def test_a_mistaken_rating_reads_the_scale_upside_down():
    # 0.8 * 1 and 0.2 * 1 at the other end
    spoilt = Mistake(0.2)(np.array([0.0, 0.0, 1.0, 0.0]), query(Rate(3)))
    np.testing.assert_allclose(spoilt, [0.2, 0.0, 0.8, 0.0])


def test_a_lapse_answers_uniformly_unlike_a_mistake():
    # 0.7 * 0.8 + 0.3 * 0.8 / 2 = 0.68; 0.3 * 0.4 = 0.12; the skip stays
    spoilt = Lapse(0.3)(np.array([0.8, 0.0, 0.2]), query(Compare()))
    np.testing.assert_allclose(spoilt, [0.68, 0.12, 0.2])


def test_skips_add_up():
    # 1 - (1 - 0.5) * (1 - 0.2) = 0.6
    spoilt = Skip(0.5)(np.array([0.8, 0.0, 0.2]), query(Compare()))
    np.testing.assert_allclose(spoilt, [0.4, 0.0, 0.6])


@pytest.mark.parametrize(("order", "expected"), [((0, 1), [0.75, 0.25]), ((1, 0), [0.25, 0.75])])
def test_position_bias_favours_what_is_shown_first_not_what_is_stored_first(order, expected):
    # odds 1:1 times e^ln(3) = 3:1
    spoilt = PositionBias(np.log(3.0))(np.array([0.5, 0.5, 0.0]), query(Compare(), order))
    np.testing.assert_allclose(spoilt, [*expected, 0.0])


def test_position_bias_keeps_ties_and_skips_and_ratings():
    probs = np.array([0.1, 0.3, 0.4, 0.2])
    spoilt = PositionBias(2.0)(probs, query(Compare(ties=True)))
    np.testing.assert_allclose(spoilt[2:], probs[2:])
    assert spoilt.sum() == pytest.approx(1)
    np.testing.assert_array_equal(PositionBias(2.0)(probs, query(Rate(3))), probs)


@pytest.mark.parametrize("noise", [Mistake, Lapse, Skip])
@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_no_probability_is_refused(noise, rate):
    with pytest.raises(ValueError, match=rf"{noise.__name__}: rate must be a probability"):
        noise(rate)
