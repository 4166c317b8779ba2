import pytest

from plaudit.feedback.criteria import criterion
from tests.contracts.teacher_cases.case import segment

TEXT = " Don't push. Push, then PULL! Really "


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("characters", 37),
        ("words", 6),  # don't push push then pull really
        ("sentences", 3),  # the last one has no full stop
        ("variety", 5 / 6),  # push stands twice
        ({"name": "contains", "text": "pull!"}, 1),
        ({"name": "contains", "text": "pulls"}, 0),
        ({"name": "lacks", "text": "pulls"}, 1),
        ({"name": "starts", "text": "DON"}, 1),
        ({"name": "starts", "text": "push"}, 0),
        ({"name": "ends", "text": "really"}, 1),
        ({"name": "ends", "text": "!"}, 0),
        ({"name": "count", "text": "pu"}, 3),
        ({"name": "matches", "pattern": "[A-Z]{4}"}, 1),
        ({"name": "matches", "pattern": "[A-Z]{5}"}, 0),
        ({"name": "place", "texts": ["a", TEXT.strip()]}, 1),
    ],
)
def test_a_text_is_counted_and_tested(spec, expected):
    assert criterion(spec).amount(segment(0.0, text=TEXT)) == expected


def test_an_empty_text_has_nothing_and_repeats_nothing():
    empty = segment(0.0, text="")
    counts = [criterion(name).amount(empty) for name in ("characters", "words", "sentences")]
    assert counts == [0, 0, 0]
    assert criterion("variety").amount(empty) == 1


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        ("words", None, r"episode=4.* shows no text"),
        ({"name": "count", "text": ""}, "a", "needs a text to count"),
        ({"name": "place", "texts": ["b", "c"]}, "a", r"'a' is none of the texts \['b', 'c'\]"),
    ],
)
def test_what_cannot_be_read_is_refused(spec, text, message):
    with pytest.raises(ValueError, match=message):
        criterion(spec).amount(segment(0.0, text=text, episode=4))
