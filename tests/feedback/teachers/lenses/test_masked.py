import numpy as np
import pytest

from plaudit.feedback.teachers.lenses import Masked
from plaudit.feedback.types import Segment, SegmentRef

OBS = np.arange(1, 13, dtype=np.int16).reshape(2, 2, 3)  # two observations of (2, 3)
SEEN = Segment(OBS, np.zeros(1), SegmentRef("copy", 4, 0, 1), "says it all", np.ones(1))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"hide": [0, -1]}, [[0, 2, 3, 4, 5, 0], [0, 8, 9, 10, 11, 0]]),
        ({"keep": [1, 5]}, [[0, 2, 0, 0, 0, 6], [0, 8, 0, 0, 0, 12]]),
        ({"keep": [1], "fill": -1}, [[-1, 2, -1, -1, -1, -1], [-1, 8, -1, -1, -1, -1]]),
        ({"hide": []}, OBS.reshape(2, 6).tolist()),
        ({"keep": []}, [[0] * 6, [0] * 6]),
    ],
)
def test_entries_are_blanked_and_the_rest_stays(settings, expected):
    seen = Masked(**settings)(SEEN)
    assert seen.obs.reshape(2, 6).tolist() == expected
    assert (seen.obs.shape, seen.obs.dtype) == (OBS.shape, OBS.dtype)
    assert SEEN.obs[0, 0, 0] == 1  # the segment itself is as it was


def test_hidden_entries_can_be_anything():
    noisy = Segment(OBS.copy(), SEEN.actions, SEEN.ref, "another text")
    noisy.obs[:, 0, 0] = 99
    lens = Masked(hide=[0])
    one, other = lens(SEEN), lens(noisy)
    np.testing.assert_array_equal(one.obs, other.obs)
    assert (one.text, one.rewards) == (other.text, other.rewards) == (None, None)


def test_text_and_rewards_are_opened_on_request():
    seen = Masked(hide=[0], text=True, rewards=True)(SEEN)
    assert (seen.text, seen.rewards.tolist()) == ("says it all", [1.0])
    with pytest.raises(ValueError, match=r"Masked needs .*episode=4.* carries no rewards"):
        Masked(hide=[0], rewards=True)(SEEN.view())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give keep or hide, one of them"),
        ({"keep": [0], "hide": [1]}, "give keep or hide, one of them"),
        ({"hide": [6]}, r"hide\[0\] must be an integer in -6\.\.5, got 6"),
        ({"keep": [0.5]}, r"keep\[0\] must be an integer"),
        ({"hide": [0], "fill": 0.5}, r"observations are int16, which can't hold fill=0\.5"),
        ({"hide": [0], "text": 1}, "text must be True or False"),
    ],
)
def test_what_cannot_be_masked_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Masked(**settings)(SEEN)
