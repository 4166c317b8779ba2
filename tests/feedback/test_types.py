import json
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks.base import evenly_spaced
from plaudit.feedback.types import Feedback, Segment, SegmentRef, pad


def segment(steps, size=2):
    ref = SegmentRef("test", 0, 0, steps)
    return Segment(np.full((steps + 1, size), 7.0), np.full(steps, 3), ref)


def test_short_segments_are_padded_and_masked():
    obs, actions, mask = pad([segment(1), segment(3)])
    assert obs.shape == (2, 4, 2)
    np.testing.assert_array_equal(obs[0, :, 0], [7, 7, 0, 0])
    np.testing.assert_array_equal(actions[0], [3, 0, 0])
    np.testing.assert_array_equal(mask, [[True, False, False], [True, True, True]])


def test_segments_of_unlike_shape_are_refused():
    with pytest.raises(ValueError, match=r"one shape: \(2,\) and \(\), got \(5,\) and \(\)"):
        pad([segment(2), segment(2, size=5)])
    with pytest.raises(ValueError, match="at least one segment"):
        pad([])


def test_thresholds_lie_evenly_around_the_center():
    # 4 levels, 3 thresholds, 2 apart, 10 in the middle
    np.testing.assert_array_equal(evenly_spaced(4, center=10, spread=2), [8, 10, 12])


def test_a_segment_is_equal_to_itself_only():
    one = segment(2)
    assert one == one
    assert one != segment(2)
    assert len({one, one}) == 1


@pytest.mark.parametrize("answer", [None, 2, 0.1, (2, 0, 1)])
def test_feedback_survives_json(answer):
    probs = (0.5, 0.25, 0.25)
    feedback = Feedback(3, "ann", answer, "why", "a remark", probs, 1, 2, 0.5, "human", 7)
    assert Feedback.from_json(json.loads(json.dumps(feedback.to_json()))) == feedback


@pytest.mark.parametrize("name", ["states", "frames"])
def test_what_is_privileged_has_one_entry_per_observation(name):
    with pytest.raises(ValueError, match=f"3 observations needs as many {name}, got 2"):
        replace(segment(2), **{name: np.zeros((2, 4, 4, 3), np.uint8)})


def test_a_view_opens_nothing_privileged():
    hidden = {"rewards": np.ones(2), "states": ({}, {}, {}), "others": {"player_1": segment(2)}}
    seen = replace(segment(2), frames=np.zeros((3, 4, 4, 3), np.uint8), **hidden).view()
    assert (seen.rewards, seen.states, seen.frames, seen.others) == (None, None, None, {})
