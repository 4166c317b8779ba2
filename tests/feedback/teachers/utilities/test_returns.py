import numpy as np
import pytest

from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Segment, SegmentRef

SEGMENT = Segment(
    np.zeros(4), np.zeros(3), SegmentRef("test", 0, 0, 3), rewards=np.array([1.0, 2.0, 4.0])
)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [1, 2, 4]),
        ({"gamma": 0.5}, [1, 1, 1]),  # 1, 2 / 2, 4 / 4: the first step counts most
        ({"gamma": 0.5, "recent": True}, [0.25, 1, 4]),  # 1 / 4, 2 / 2, 4
    ],
)
def test_partial_return_discounts_from_the_first_step_or_back_from_the_last(settings, expected):
    utility = PartialReturn(**settings)
    np.testing.assert_array_equal(utility.steps(SEGMENT), expected)
    assert utility.segment(SEGMENT) == sum(expected)


def test_partial_return_refuses_what_hides_its_rewards():
    with pytest.raises(ValueError, match=r"PartialReturn .* use a lens that opens the rewards"):
        PartialReturn().segment(SEGMENT.view())


@pytest.mark.parametrize("gamma", [0.0, 1.1, float("nan")])
def test_gamma_outside_its_range_is_refused(gamma):
    with pytest.raises(ValueError, match=r"gamma must be a number above 0 and at most 1"):
        PartialReturn(gamma)
