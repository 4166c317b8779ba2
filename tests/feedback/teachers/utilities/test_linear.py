import numpy as np
import pytest

from plaudit.feedback.asks import Check
from plaudit.feedback.teachers.utilities import Linear
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.types import Query, Segment, SegmentRef

OBS = np.array([[1.0, 2.0], [3.0, -1.0], [7.0, 7.0]])
SEEN = Segment(OBS, np.array([0, 1]), SegmentRef("test", 0, 0, 2), "a b c")
MOVES = ({"name": "chose", "action": 1}, {"name": "entry", "index": 1, "at": "after"})


def test_observations_before_each_action_are_the_features_by_default():
    # phi_0 = (1, 2), phi_1 = (3, -1); w = (2, 1): 2 + 2 and 6 - 1; what follows counts not
    utility = Linear([2.0, 1.0])
    assert utility.steps(SEEN).tolist() == [4.0, 5.0]
    assert utility.segment(SEEN) == 9.0
    assert utility.items(SEEN).tolist() == [8.0, 1.0]  # 2 (1 + 3) and 1 (2 - 1)


def test_named_features_add_up_over_the_steps():
    # chose 1: 0, 1; entry 1 after: -1, 7; w = (10, -1)
    utility = Linear([10.0, -1.0], MOVES)
    assert utility.steps(SEEN).tolist() == [1.0, 3.0]
    assert utility.segment(SEEN) == 4.0
    assert utility.items(SEEN).tolist() == [10.0, -6.0]
    assert Linear([10.0, -1.0], MOVES, absolute=True).items(SEEN).tolist() == [10.0, 6.0]


def test_features_of_texts_say_nothing_about_steps():
    utility = Linear([2.0], ["words"])
    assert utility.segment(SEEN) == 6.0
    with pytest.raises(ValueError, match="criterion words is about whole segments"):
        utility.steps(SEEN)


def test_as_many_weights_as_features():
    with pytest.raises(ValueError, match="weights must be 1 numbers"):
        Linear([1.0, 2.0], ["words"])
    with pytest.raises(ValueError, match="3 weights, but observations have 2 entries"):
        Linear([1.0, 2.0, 3.0]).steps(SEEN)


def test_another_number_of_items_than_asked_about_is_refused():
    query = Query((SEEN,), Check(("x", "y", "z")))
    with pytest.raises(ValueError, match="asks about 3 items, but Linear judges 2"):
        utilities_of(Linear([1.0, 1.0]), [SEEN], query)
