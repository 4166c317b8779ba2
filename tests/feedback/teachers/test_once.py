import gc
from dataclasses import dataclass

import numpy as np

from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.types import Segment, SegmentRef


@dataclass(frozen=True)
class Counted:
    factor: int
    calls: list

    @once_per_segment
    def length(self, seen, more=0):
        self.calls.append(len(seen) + more)
        return self.factor * (len(seen) + more)


def segment():
    return Segment(np.zeros(3), np.zeros(2), SegmentRef("test", 0, 0, 2))


def test_work_is_done_once_per_segment_and_owner():
    one, double, seen = Counted(1, []), Counted(2, []), segment()
    assert [one.length(seen), one.length(seen), double.length(seen)] == [2, 2, 4]
    assert one.length(segment()) == 2
    assert (one.calls, double.calls) == ([2, 2], [2])


def test_other_arguments_are_other_work():
    one, seen = Counted(1, []), segment()
    assert [one.length(seen, 3), one.length(seen, more=3), one.length(seen)] == [5, 5, 2]
    assert [one.length(seen, 3), one.length(seen, more=4)] == [5, 6]
    assert one.calls == [5, 5, 2, 6]


def test_segments_are_not_kept_alive():
    owner = Counted(1, [])
    owner.length(segment())
    gc.collect()
    (kept,) = (value for name, value in vars(owner).items() if "by segment" in name)
    assert len(kept) == 0
