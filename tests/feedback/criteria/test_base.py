import numpy as np
import pytest

from plaudit.feedback.criteria import CRITERIA, PLAIN_TEXT, criteria_of, criterion
from tests.contracts.teacher_cases.case import segment

SEEN = segment(0.0, 0.0, 0.0, text="Push the box. Then wait.")


def test_a_program_of_ones_own_may_say_a_flag():
    assert criterion(lambda seen: len(seen) > 2).share(SEEN) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (np.zeros(2), r"must say one number, or one for each of the 3 steps, got shape \(2,\)"),
        (np.nan, "is not finite for SegmentRef"),
        (1.5, r"must be in \[0, 1\] here, got 1\.5.*at_least and at_most turn a number"),
        (-0.5, r"must be in \[0, 1\] here, got -0\.5"),
    ],
)
def test_what_a_program_says_is_checked(said, message):
    with pytest.raises(ValueError, match=f"criterion odd.*{message}"):
        criterion(odd(said)).share(SEEN)


def odd(said):
    def odd(seen):
        return said

    return odd


def test_a_program_is_run_once_per_segment():
    runs = []
    counted = criterion(lambda seen: runs.append(seen) or 0.5)
    assert [counted.amount(SEEN), counted.share(SEEN)] == [0.5, 0.5]
    assert runs == [SEEN]


@pytest.mark.parametrize(
    ("text", "met"),
    [
        (SEEN.text, [1, 1, 1, 1]),
        ("", [0, 1, 0, 1]),
        ("no " * 101, [1, 0, 0, 0]),
        ('He said "wait!" ', [1, 1, 1, 1]),
    ],
)
def test_the_plain_checklist_tells_texts_apart(text, met):
    seen = segment(0.0, text=text)
    assert [c.share(seen) for c in criteria_of(list(PLAIN_TEXT.values()))] == met


def test_criteria_are_listed_by_name_in_order():
    assert list(CRITERIA) == sorted(CRITERIA)
    with pytest.raises(ValueError, match="criteria must be a list of 1 or more criteria"):
        criteria_of("words")
