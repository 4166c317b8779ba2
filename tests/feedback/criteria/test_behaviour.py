import numpy as np
import pytest

from plaudit.feedback.criteria import criterion
from plaudit.feedback.types import Segment, SegmentRef

OBS = np.array([[[1, 5]], [[4, 6]], [[2, 7]]])
REF = SegmentRef("test", 0, 0, 2)
DISCRETE = Segment(OBS, np.array([2, 1]), REF)
PUSHES = Segment(OBS, np.array([[1.0, 2.0], [1.0, 2.0]]), REF)
EMPTY = Segment(OBS[:1], np.zeros(0, int), SegmentRef("test", 0, 0, 0))


@pytest.mark.parametrize(
    ("seen", "spec", "expected"),
    [
        (DISCRETE, {"name": "entry", "index": 0}, [1, 4]),
        (DISCRETE, {"name": "entry", "index": -1}, [5, 6]),
        (DISCRETE, {"name": "entry", "index": 0, "at": "after"}, [4, 2]),
        (DISCRETE, {"name": "entry", "index": 0, "at": "change"}, [3, -2]),
        (DISCRETE, {"name": "chose", "action": 1}, [0, 1]),
        (DISCRETE, "acted", [2, 1]),
        (PUSHES, {"name": "acted", "index": 1}, [2, 2]),
        (DISCRETE, "switches", [0, 1]),
        (PUSHES, "switches", [0, 0]),
        (PUSHES, "effort", [5, 5]),  # 1 + 4
        (DISCRETE, "steps", [1, 1]),
    ],
)
def test_each_step_is_told_apart_and_they_add_up(seen, spec, expected):
    assert criterion(spec).steps(seen).tolist() == expected
    assert criterion(spec).amount(seen) == sum(expected)


@pytest.mark.parametrize(
    ("at", "expected"),
    [("first", 1), ("last", 2), ("mean", 7 / 3), ("least", 1), ("most", 4)],
)
def test_an_entry_of_all_observations_is_one_number(at, expected):
    entry = criterion({"name": "entry", "index": 0, "at": at})
    assert entry.amount(DISCRETE) == pytest.approx(expected)
    with pytest.raises(ValueError, match="tells no step from another"):
        entry.steps(DISCRETE)


def test_actions_are_digits_of_a_number():
    assert criterion({"name": "number", "base": 3}).amount(DISCRETE) == 7  # 2 * 3 + 1


@pytest.mark.parametrize("name", ["steps", "switches", "effort", "acted"])
def test_a_segment_without_steps_counts_nothing(name):
    assert criterion(name).amount(EMPTY) == 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "entry", "index": 2}, r"index of observations must be an integer in -2\.\.1"),
        ({"name": "entry", "index": 0, "at": "middle"}, "unknown time of an observation 'middle'"),
        (
            {"name": "chose", "action": 1},
            r"expected discrete actions.* float64 of shape \(2, 2\)",
        ),
        ({"name": "number", "base": 1}, "base must be"),
    ],
)
def test_what_is_not_there_is_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        criterion(spec).amount(PUSHES)
