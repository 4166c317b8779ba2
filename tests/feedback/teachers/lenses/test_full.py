import numpy as np
import pytest

from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.types import Segment, SegmentRef


def test_full_view_needs_the_true_rewards():
    segment = Segment(np.zeros(3), np.zeros(2), SegmentRef("copy", 4, 0, 2), rewards=np.ones(2))
    assert full_view(segment) is segment
    with pytest.raises(ValueError, match=r"env_id='copy', episode=4.* carries no rewards"):
        full_view(segment.view())
