import pytest

from plaudit.feedback.criteria import criterion
from tests.contracts.teacher_cases.case import segment

SEEN = segment(0.0, 0.0, text="one two three")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "at_least", "of": "words", "least": 3}, 1),
        ({"name": "at_least", "of": "words", "least": 4}, 0),
        ({"name": "at_most", "of": "words", "most": 3}, 1),
        ({"name": "at_most", "of": "words", "most": 2}, 0),
        ({"name": "less", "of": "words"}, -3),
        ({"name": "less", "of": {"name": "count", "text": "e"}}, -3),
        ({"name": "mean", "of": {"name": "chose", "action": 0}}, 1),  # both of two steps
        ({"name": "mean", "of": {"name": "chose", "action": 1}}, 0),
    ],
)
def test_a_criterion_is_made_of_another(spec, expected):
    assert criterion(spec).amount(SEEN) == expected


def test_a_mean_is_over_steps():
    with pytest.raises(ValueError, match="criterion words is about whole segments"):
        criterion({"name": "mean", "of": "words"}).amount(SEEN)
