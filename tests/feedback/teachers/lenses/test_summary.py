from dataclasses import fields, replace

import numpy as np
import pytest

from plaudit.feedback.teachers.lenses import SummaryOnly
from plaudit.feedback.types import Segment, SegmentRef
from tests.contracts.teacher_cases.case import segment

OBS = np.array([[1.0], [2.0], [3.0], [4.0]])
TEXT = "First this. Then that! Was it good? Yes"
SEEN = Segment(
    OBS,
    np.array([0, 2, 2]),
    SegmentRef("copy", 4, 10, 13),
    TEXT,
    np.array([1.0, 2.0, 4.0]),
    states=({}, {}, {}, {}),
    frames=np.zeros((4, 1, 1, 3), np.uint8),
    others={"player_1": segment(0.0)},
)


def test_a_summary_is_one_step_from_the_first_to_the_last_observation():
    seen = SummaryOnly(actions=4, sentences=2, total=True)(SEEN)
    assert seen.obs.tolist() == [[1.0], [4.0]]
    assert seen.actions.tolist() == [[3, 1, 0, 2, 0]]  # 3 steps; 0 once, 2 twice
    assert seen.text == "Was it good? Yes"
    assert seen.rewards.tolist() == [7.0]
    assert seen.ref == SegmentRef("copy", 4, 0, 3)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, TEXT),
        ({"characters": 3}, "Yes"),
        ({"characters": 0}, ""),
        ({"sentences": 0}, ""),
        ({"sentences": 9}, TEXT),
        ({"sentences": 2, "characters": 8}, "ood? Yes"),
    ],
)
def test_the_end_of_the_text_is_shown(settings, text):
    assert SummaryOnly(**settings)(SEEN).text == text


def test_nothing_else_leaks():
    # The same summary of another middle, place, order of actions, text, pay, state and picture.
    other = Segment(
        np.array([[1.0], [-9.0], [-8.0], [4.0]]),
        np.array([2, 0, 2]),
        SegmentRef("copy", 4, 20, 23),
        "Nothing. Was it good? Yes",
        np.array([9.0, 9.0, 9.0]),
    )
    lens = SummaryOnly(actions=3, sentences=2)
    one, two = lens(SEEN), lens(other)
    assert {field.name for field in fields(Segment)} == {
        *("obs", "actions", "ref", "text"),
        *("rewards", "states", "frames", "others"),
    }
    for name in ("obs", "actions"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert getattr(one, name).dtype == getattr(two, name).dtype
    for name in ("ref", "text", "rewards", "states", "frames", "others"):
        assert getattr(one, name) == getattr(two, name)
    assert one.rewards is None


def test_a_segment_without_text_has_a_summary_without():
    assert SummaryOnly(characters=3)(replace(SEEN, text=None)).text is None


@pytest.mark.parametrize(
    ("settings", "change", "message"),
    [
        ({"actions": 2}, {}, r"actions must be in 0\.\.1, got 0\.\.2"),
        (
            {"actions": 2},
            {"actions": np.zeros((3, 1))},
            r"discrete actions.* float64 \(3, 1\)",
        ),
        ({"total": True}, {"rewards": None}, "needs the true rewards of .*episode=4"),
        ({"characters": -1}, {}, "characters must be an integer of at least 0"),
        ({"total": 1}, {}, "total must be True or False"),
    ],
)
def test_what_cannot_be_summed_up_is_refused(settings, change, message):
    with pytest.raises(ValueError, match=message):
        SummaryOnly(**settings)(replace(SEEN, **change))
