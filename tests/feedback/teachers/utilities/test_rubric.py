import math

import pytest

from plaudit.feedback.teachers.utilities import Rubric
from tests.contracts.teacher_cases.case import segment

SEEN = segment(0.0, text="push push pull pull")
HALF = "variety"  # 2 of 4 words differ: 0.5
MET = {"name": "contains", "text": "pull"}
NOT = {"name": "contains", "text": "wait"}
SURE = 1 / (1 + math.exp(-5))  # sigmoid(10 (1 - 1/2))


@pytest.mark.parametrize(
    ("criteria", "weights", "aggregate", "expected"),
    [
        ((MET, NOT, HALF), None, "mean", 0.5),  # (1 + 0 + .5) / 3
        ((MET, NOT, HALF), (1.0, 2.0, 4.0), "mean", 3 / 7),  # (1 + 0 + 2) / 7
        ((MET, HALF), (1.0, -1.0), "mean", 0.25),  # (1 - .5) / 2: a penalty
        ((MET, NOT, HALF), (0.0, 1.0, 1.0), "gated", 0.25),  # 1 * (0 + .5) / 2
        ((NOT, MET, MET), None, "gated", 0.0),
        ((HALF, MET), (0.0, 1.0), "gated", 0.5),  # half open
        ((MET, MET, HALF), None, "all", 0.5),
        ((MET, NOT), None, "all", 0.0),
        ((MET, NOT), None, "any", 1.0),
        ((NOT, HALF), None, "any", 0.5),
        ((MET, HALF), None, "product", SURE / 2),  # sigmoid(0) = 1/2
        ((MET, NOT), (1.0, 2.0), "product", SURE * (1 - SURE) ** 2),
    ],
)
def test_scores_become_one_number(criteria, weights, aggregate, expected):
    assert Rubric(criteria, weights, aggregate).segment(SEEN) == pytest.approx(expected)


def test_items_are_the_scores_whatever_their_weights():
    assert Rubric((MET, NOT, HALF), (1.0, 2.0, 4.0)).items(SEEN).tolist() == [1.0, 0.0, 0.5]


def test_a_number_that_is_no_score_is_refused():
    with pytest.raises(ValueError, match=r"criterion words must be in \[0, 1\] here, got 4"):
        Rubric(("words",)).segment(SEEN)


@pytest.mark.parametrize(
    ("weights", "aggregate", "message"),
    [
        ((1.0,), "mean", "weights must be 2 numbers"),
        ((0.0, 0.0), "mean", "must not all be 0"),
        ((1.0, -1.0), "product", r"weights\[1\] must be a finite number of at least 0"),
        ((1.0, 1.0), "all", "aggregate='all' weighs nothing"),
        (None, "means", "unknown aggregate 'means'; did you mean 'mean'"),
    ],
)
def test_settings_that_make_no_rubric_are_refused(weights, aggregate, message):
    with pytest.raises(ValueError, match=message):
        Rubric((MET, NOT), weights, aggregate)
