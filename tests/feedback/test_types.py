import json
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Approve
from plaudit.feedback.asks.base import evenly_spaced
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef, is_duration, pad


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


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"annotator": 3}, "annotator must be a text, got 3"),
        ({"comment": None}, "comment must be a text, got None"),
        ({"query_id": "0"}, "query_id must be an integer, got '0'"),
        ({"query_id": 2**63}, "query_id must be an integer of 64 bits"),
        ({"seed": -(2**63) - 1}, "seed must be an integer of 64 bits"),
        ({"asked": 1.5}, "asked must be an integer, got 1.5"),
        ({"seconds": "x"}, "seconds must be a finite number of at least 0, got 'x'"),
        ({"seconds": 10**400}, "seconds must be a finite number"),
        ({"source": "robot"}, "source must be one of sim, llm, human, got 'robot'"),
        ({"probs": ("a",)}, "probs must be numbers"),
    ],
)
def test_feedback_that_could_never_be_stored_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Feedback(**({"query_id": 0, "annotator": "ann", "answer": 1} | fields))


def test_numbers_of_numpy_become_plain_ones():
    given = Feedback(np.int64(3), "ann", 1, probs=[np.float32(0.5), 0.5], asked=np.uint8(2))
    assert (type(given.query_id), type(given.asked)) == (int, int)
    assert given.probs == (0.5, 0.5)
    with pytest.raises(ValueError, match="query_id must be an integer of 64 bits"):
        Query((segment(1),), Approve(), query_id=2**70)


def test_half_a_character_becomes_its_escape():
    ref = SegmentRef("w\ud800", 0, 0, 1)
    made = Segment(np.zeros((2, 1)), np.zeros(1), ref, "\ud83d \u00e4 \U0001f642")
    query = Query((made,), Approve(), context={"p": [{"content": "\udfff"}]}, provenance="\ud800")
    given = Feedback(0, "\ud800", None, "\ud801", "\ud802")
    assert (ref.env_id, made.text) == ("w\\ud800", "\\ud83d \u00e4 \U0001f642")
    assert (query.context, query.provenance) == ({"p": [{"content": "\\udfff"}]}, "\\ud800")
    assert (given.annotator, given.reason, given.comment) == ("\\ud800", "\\ud801", "\\ud802")


def test_a_duration_is_a_finite_number():
    assert all(map(is_duration, (0, 1.5, np.float32(2))))
    assert not any(map(is_duration, (-1, True, "1", None, float("nan"), float("inf"), 10**310)))
