import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Demonstrate
from plaudit.feedback.teachers.utilities import Utility
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.types import Query, Segment, SegmentRef


class Shown(Utility):
    """Any worth one likes."""

    def __init__(self, *values):
        self.values = np.array(values)

    def together(self, seen, query):
        return self.values

    def paths(self, seen, steps):
        return self.values


def stated(ask, *values):
    segment = Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1))
    query = Query((segment,) * ask.segments, ask, query_id=7)
    return utilities_of(Shown(*values), query.segments, query).tolist()


def test_sequences_may_be_impossible_but_segments_may_not():
    assert stated(Demonstrate(2, 1), 1.0, -np.inf) == [1.0, -np.inf]
    with pytest.raises(ValueError, match=r"query 7: utilities must be finite, got \[1.0, -inf\]"):
        stated(Compare(), 1.0, -np.inf)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_sequences_worth_anything_else_that_is_not_finite_are_refused(wrong):
    with pytest.raises(ValueError, match=r"query 7: utilities must be finite"):
        stated(Demonstrate(2, 1), 1.0, wrong)


def test_something_must_be_possible():
    with pytest.raises(ValueError, match="query 7: all of its answers are impossible"):
        stated(Demonstrate(2, 1), -np.inf, -np.inf)
