import numpy as np
import pytest

from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.types import Segment, SegmentRef

WHOLE = Segment(
    np.zeros(2),
    np.zeros(1),
    SegmentRef("copy", 4, 0, 1),
    "text",
    np.ones(1),
    states=({"a": 1}, {"a": 2}),
    others={"player_1": Segment(np.zeros(2), np.zeros(1), SegmentRef("copy", 4, 0, 1))},
)


def test_nothing_privileged_is_seen_unless_it_is_named():
    seen = Opened()(WHOLE)
    assert (seen.rewards, seen.states, seen.frames, seen.others) == (None, None, None, {})
    assert seen.text == "text"
    seen = Opened(("states",))(WHOLE)
    assert (seen.rewards, seen.states, seen.others) == (None, WHOLE.states, {})


@pytest.mark.parametrize("field", ["rewards", "states", "frames", "others"])
def test_what_is_named_must_be_there(field):
    with pytest.raises(ValueError, match=rf"lens needs the .*episode=4.* carries no {field}: "):
        Opened((field,))(WHOLE.view())


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="'reward'; did you mean 'rewards'"):
        Opened(("reward",))
