import numpy as np
import pytest

from plaudit.feedback.asks import Check, Describe, Mark
from plaudit.feedback.asks.marking import Span
from plaudit.feedback.teachers.choices import Boltzmann


def test_a_step_is_poor_or_good_half_a_spread_off_the_center():
    # u = 1, thresholds -1 and 1: poor F(-2) = 0.11920, good 1 - F(0) = 0.5, unmarked 0.38080
    odds = Boltzmann(spread=2.0).odds(Mark(1), np.array([1.0]))
    np.testing.assert_allclose(odds[0], [0.38080, 0.11920, 0.5], atol=1e-5)


def test_steps_that_a_short_segment_lacks_are_unmarked():
    ask = Mark(2)
    utilities = np.array([0.0, np.nan])
    for part in (Boltzmann().odds(ask, utilities)[1], np.exp(ask.log_random(utilities)[1])):
        np.testing.assert_array_equal(part, [1.0, 0.0, 0.0])
    assert np.isnan(ask.alike(1)).tolist() == [False, True]


def test_spans_are_runs_of_one_label():
    ask, answer = Mark(6), (0, 2, 2, 1, 0, 1)
    spans = [Span(1, 3, "good"), Span(3, 4, "poor"), Span(5, 6, "poor")]
    assert ask.spans(answer) == spans
    assert ask.answer_of(spans) == answer


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(0, 7, "good")], "must lie in 0..6"),
        ([(2, 2, "good")], "must lie in 0..6"),
        ([(0, 1, "fine")], "bear a label of"),
        ([(0, 2, "good"), (1, 3, "poor")], "overlaps another one"),
    ],
)
def test_impossible_spans_are_refused(spans, message):
    with pytest.raises(ValueError, match=message):
        Mark(6).answer_of(spans)


def test_items_are_checked_one_by_one():
    # sigmoid(0) = 0.5 and sigmoid(ln 3) = 0.75: yes to both 0.375
    ask = Check(("short", "polite"))
    parts = Boltzmann().odds(ask, np.array([0.0, np.log(3.0)]))
    np.testing.assert_allclose(np.outer(*parts), [[0.125, 0.375], [0.125, 0.375]])
    assert ask.answers() == ((0, 0), (0, 1), (1, 0), (1, 1))


def test_attributes_are_compared_one_by_one():
    # differences ln 3 and 0 with tie weight 1: ln 3 / 2 each way, weights sqrt(3), 1/sqrt(3), 1
    ask = Describe(("fast", "safe"), compare=True)
    utilities = np.array([[np.log(3.0), 5.0], [0.0, 5.0]])
    fast, safe = Boltzmann(tie=1.0).odds(ask, utilities)
    weights = np.array([3**0.5, 3**-0.5, 1.0])
    np.testing.assert_allclose(fast, weights / weights.sum())
    np.testing.assert_allclose(safe, [1 / 3] * 3)


def test_features_of_one_segment_matter_or_not():
    assert Describe(("a", "b")).segments == 1
    assert Describe(("a", "b")).names == (("no", "yes"), ("no", "yes"))


@pytest.mark.parametrize("names", [(), "abc", ("a", "a")])
def test_names_must_be_different_ones(names):
    with pytest.raises(ValueError, match="items must be"):
        Check(names)
