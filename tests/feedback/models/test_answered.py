import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Compare, Mark, Rank
from plaudit.feedback.models.answered import NOTHING, answered, information, likelihood
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.survey import random_segments, survey
from plaudit.feedback.types import Feedback, Query

WORLD, SETTINGS = "plaudit/Tabular-v0", {"instance": "regret_vs_partial_return"}
ASSUMED = Likelihood(tie=0.5)


def found(ask, soft=False, count=6):
    segments = random_segments(WORLD, 12, 0, settings=SETTINGS, length=3)
    teacher = feedback.make("boltzmann", tie=0.5)
    return answered(survey(teacher, segments, ask, np.random.default_rng(0), count), soft)


@pytest.mark.parametrize("ask", [Compare(ties=True), Rank(3), Mark(4)], ids=str)
@pytest.mark.parametrize("soft", [False, True])
def test_derivatives_are_those_of_finite_differences(ask, soft):
    things = found(ask, soft)
    size = len(things.whole)
    worth = np.random.default_rng(1).normal(size=size)
    value, slope, blocks = likelihood(things, worth, ASSUMED)
    second = information(blocks, np.eye(size))
    for i in range(size):
        nudge = 1e-5 * np.eye(size)[i]
        (up, more, _), (down, less, _) = (
            likelihood(things, worth + way * nudge, ASSUMED, second=False) for way in (1, -1)
        )
        assert slope[i] == pytest.approx((up - down) / 2e-5, abs=1e-7)
        np.testing.assert_allclose(second[i], (more - less) / 2e-5, atol=1e-7)
    assert value > 0


def test_a_thing_is_a_segment_or_a_step_of_it():
    whole, steps = found(Compare()), found(Mark(4))
    lengths = [len(segment) for segment in whole.segments]
    np.testing.assert_array_equal(whole.sums.sum(1), np.array(lengths)[whole.whole])
    np.testing.assert_array_equal(steps.sums.sum(1), np.ones(len(steps.whole)))
    assert (steps.whole == NOTHING).all()
    # A mark for each of 4 steps, of segments that have 3 at most.
    assert (steps.groups[0].things[:, 3] == NOTHING).all()


def test_skips_say_nothing():
    (segment,) = random_segments(WORLD, 1, 0, settings=SETTINGS, length=3)
    buffer = FeedbackBuffer()
    buffer.add([Query((segment, segment), Compare())], [Feedback(0, "somebody", None)])
    assert answered(buffer) is None
