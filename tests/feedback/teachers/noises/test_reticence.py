import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Critique, Mark, React
from plaudit.feedback.teachers.noises import Reticence
from plaudit.feedback.teachers.noises.base import Memory, Odds, Situation
from plaudit.feedback.types import Query, Segment, SegmentRef


def kept(ask, *parts, rate=0.25):
    segment = Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1))
    query = Query((segment,) * ask.segments, ask)
    odds = Odds(tuple(np.array(part, float) for part in parts), 0.1)
    spoken = Reticence(rate).odds(odds, Situation(query, (), np.zeros(ask.shape), Memory()))
    assert spoken.skip == 0.1
    return spoken.parts


def test_slots_of_a_critique_stay_empty_one_by_one():
    # 0.25 + 0.75 * 0.2 and 0.75 * 0.8
    parts = kept(Critique(2, levels=2), [0, 1, 0], [0.2, 0.8, 0], [0, 0, 1], [1, 0, 0])
    np.testing.assert_allclose(parts, [[0.25, 0.75, 0], [0.4, 0.6, 0], [0.25, 0, 0.75], [1, 0, 0]])


def test_steps_stay_unmarked_and_reactions_are_none():
    np.testing.assert_allclose(kept(Mark(1), [0, 0.4, 0.6]), [[0.25, 0.3, 0.45]])
    np.testing.assert_allclose(kept(React(), [0.8, 0.2]), [[0.6, 0.4]])


def test_what_always_wants_an_answer_gets_it():
    np.testing.assert_array_equal(kept(Compare(), [0.3, 0.7]), [[0.3, 0.7]])


def test_a_rate_that_is_no_probability_is_refused():
    with pytest.raises(ValueError, match=r"Reticence: rate must be a number in 0\.\.1"):
        Reticence(1.5)
