from dataclasses import dataclass, replace

import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Blend, PartialReturn, Utility
from plaudit.feedback.types import Query, Segment, SegmentRef

SEGMENT = Segment(
    np.zeros(4), np.zeros(3), SegmentRef("test", 0, 0, 3), rewards=np.array([1.0, 2.0, 4.0])
)


def last_step(segment):
    return replace(segment, obs=segment.obs[-2:], actions=segment.actions[-1:], rewards=np.ones(1))


@dataclass(frozen=True)
class Values(Utility):
    table: tuple

    def items(self, seen):
        return np.array(self.table)

    def actions(self, seen):
        return np.array([self.table])

    def paths(self, seen, steps):
        return np.array(self.table) * steps


def test_likings_are_added_by_weight_each_through_its_own_lens():
    # 0.25 * (1 + 2 + 4) + 2 * 1 = 3.75
    blend = Blend((full_view, last_step), (PartialReturn(), PartialReturn()), (0.25, 2.0))
    assert blend.segment(SEGMENT) == pytest.approx(3.75)
    query = Query((SEGMENT,) * 3, Choose(3))
    np.testing.assert_allclose(blend.together([SEGMENT] * 3, query), [3.75] * 3)


def test_steps_items_actions_and_paths_are_blended_too():
    blend = Blend((full_view,) * 2, (Values((1.0, 2.0)), Values((3.0, 0.0))), (0.5, 1.0))
    # 0.5 * (1, 2) + (3, 0) = (3.5, 1)
    np.testing.assert_array_equal(blend.items(SEGMENT), [3.5, 1.0])
    np.testing.assert_array_equal(blend.actions(SEGMENT), [[3.5, 1.0]])
    np.testing.assert_array_equal(blend.paths(SEGMENT, 2), [7.0, 2.0])
    steps = Blend((full_view,) * 2, (PartialReturn(), PartialReturn(0.5)), (1.0, 2.0))
    # (1, 2, 4) + 2 * (1, 2 / 2, 4 / 4)
    np.testing.assert_array_equal(steps.steps(SEGMENT), [3.0, 4.0, 6.0])


def test_what_weighs_nothing_is_not_looked_at():
    blend = Blend((full_view,) * 2, (PartialReturn(), Values((-np.inf,))), (1.0, 0.0))
    assert blend.segment(SEGMENT) == 7.0


def test_a_teacher_answers_by_the_blend():
    like = Blend((full_view,) * 2, (PartialReturn(), PartialReturn(0.5)), (1.0, 1.0))
    teacher = Simulated(full_view, like, Boltzmann(1.0))
    worse = replace(SEGMENT, rewards=np.array([1.0, 2.0, 4.0 - np.log(3) / 1.25]))
    # 1 + 0.25 of what the last step lacks: odds 3 : 1
    assert teacher.probs(Query((SEGMENT, worse), Compare()))[0] == pytest.approx(0.75)


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -0.1), (0.0, 0.0)])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Blend((full_view,) * 2, (PartialReturn(),) * 2, weights)
