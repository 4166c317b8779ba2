import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Rate, React
from plaudit.feedback.teachers.presets.realtime import guide, reactions, tamer
from plaudit.feedback.types import Query, Segment, SegmentRef

LN3 = float(np.log(3.0))
DIAL = Rate(None, -1.0, 1.0)


def watched(ask, *rewards):
    steps = len(rewards)
    ref = SegmentRef("test", 0, 0, steps)
    states, frames = tuple({"step": t} for t in range(steps + 1)), np.zeros((steps + 1, 2, 2, 3))
    segment = Segment(
        np.arange(steps + 1.0), np.arange(steps), ref, "all", np.array(rewards), states, frames
    )
    return Query((segment,), ask)


def test_the_trainer_judges_the_latest_step_alone():
    # P(+1) = sigmoid(ln 3) = 0.75, whatever was earned before
    probs = tamer().probs(watched(Approve(), -50.0, LN3))
    np.testing.assert_allclose(probs, [0.25, 0.75, 0.0])
    seen = tamer().lens(watched(Approve(), -50.0, LN3).segments[0])
    assert (seen.obs.tolist(), seen.actions.tolist(), seen.text) == ([1.0, 2.0], [1], None)
    assert (seen.ref.start, [state["step"] for state in seen.states]) == (1, [1, 2])


@pytest.mark.parametrize(("delay", "expected"), [(3, {13}), ([2, 4], {12, 13, 14})])
def test_keys_are_pressed_late(delay, expected):
    answers = tamer(delay=delay).answer([watched(Approve(), 1.0)] * 60, now=10)
    assert {answer.answered for answer in answers} == expected


def test_answers_wait_until_they_are_due():
    teacher = guide()
    teacher.submit([watched(DIAL, 0.5)], now=7)
    assert teacher.poll(now=7) == []
    assert [answer.asked for answer in teacher.poll(now=8)] == [7]


def test_the_dial_points_where_the_reward_lies():
    sure = guide(beta=1000.0, center=2.0, spread=4.0)
    # (4 - 2) / 4 = 0.5
    (answer,) = sure.answer([watched(DIAL, -9.0, 4.0)])
    assert answer.answer == pytest.approx(0.5, abs=0.01)


def test_reactions_are_few_and_silence_is_an_answer():
    # 0.02 * sigmoid(ln 3) = 0.015 of the 0.9 that were seen
    probs = reactions(unseen=0.1).probs(watched(React(("love",), (1,), (0.02,)), 0.0, LN3))
    np.testing.assert_allclose(probs, [0.0135, 0.8865, 0.1])


def test_a_segment_without_a_step_is_refused():
    with pytest.raises(ValueError, match="has no step to judge"):
        tamer().probs(watched(Approve()))
