import pytest

from plaudit.feedback.asks import (
    Advise,
    Check,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Describe,
    Mark,
    Rate,
)
from plaudit.feedback.people.web.controls import EXPLAINED, control, options
from tests.feedback.people.cases import ASKS, KINDS, name

STEPS = ["step 0", "step 1", "step 2", "step 3"]


def labels(rows):
    return [row["label"] for row in rows]


def values_of(made):
    """Every answer that a control can send, one list of values per part."""
    if made["type"] == "rows":
        ticks = [{"value": 0}, {"value": 1}]
        return [[o["value"] for o in row.get("options", ticks)] for row in made["rows"]]
    return [[option["value"] for option in made["options"]]]


@pytest.mark.parametrize("ask", [a for a in ASKS if a.kind not in ("rank", "mark")], ids=name)
def test_the_control_offers_exactly_the_answers_of_the_space(ask):
    made = control(ask, STEPS)
    if made["type"] == "slider":
        assert (made["low"], made["high"]) == (ask.low, ask.high)
    elif ask.space.shape == ():
        assert sorted(values_of(made)[0]) == list(range(ask.space.n))
    else:
        sizes = getattr(ask.space, "nvec", [2] * ask.space.shape[0])
        assert values_of(made) == [list(range(size)) for size in sizes]


def test_a_comparison_runs_from_the_first_over_the_tie_to_the_second():
    made = control(Compare(ties=True, levels=2), [])["options"]
    # Stored: 0 slightly first, 1 slightly second, 2 much first, 3 much second, 4 a tie.
    assert [option["value"] for option in made] == [2, 0, 4, 1, 3]
    assert labels(made) == ["first", "first", "equally good", "second", "second"]
    notes = ["much better", "slightly better", ""]
    assert [option["note"] for option in made] == [*notes, "slightly better", "much better"]
    assert [option["key"] for option in made] == list("12345")


def test_a_plain_comparison_needs_no_notes():
    made = control(Compare(), [])["options"]
    assert [(o["value"], o["label"], o["note"]) for o in made] == [
        (0, "first", ""),
        (1, "second", ""),
    ]


def test_an_option_with_a_number_has_that_digit_as_its_key():
    assert [option["key"] for option in options(["action 0", "action 1"])] == ["0", "1"]
    assert [option["key"] for option in options(["no", "yes"])] == ["1", "2"]


def test_no_two_options_have_one_key_where_there_are_many():
    keys = [option["key"] for option in control(Advise(12), [])["options"]]
    assert keys == [*"0123456789", "", ""]
    assert [o["key"] for o in options([f"word{i}x" for i in range(11)])] == [*"123456789", "", ""]


def test_only_steps_that_the_segment_has_can_be_corrected():
    rows = control(Correct(3, 9), STEPS)["rows"]
    assert labels(rows[0]["options"]) == STEPS
    assert labels(rows[1]["options"]) == ["action 0", "action 1", "action 2"]


def test_a_mark_has_a_chip_per_step_and_an_answer_of_full_length():
    made = control(Mark(9, ("bad", "fine")), ["one", "two"])
    assert (made["labels"], made["length"]) == (["one", "two"], 9)
    assert made["names"] == ("unmarked", "bad", "fine")


def test_a_critique_offers_only_the_slots_that_are_asked_for():
    rows = control(Critique(2, levels=3, slots=("hn", "fp")), STEPS)["rows"]
    assert [labels(row["options"]) for row in rows] == [
        ["say nothing"],
        ["say nothing", "wrong"],
        ["say nothing", "action 0", "action 1"],
        ["say nothing"],
    ]
    assert [option["value"] for option in rows[1]["options"]] == [0, 2]  # 2 is "wrong"


def test_a_demonstration_has_a_line_per_step_and_a_checklist_one_per_item():
    assert len(control(Demonstrate(2, 5), STEPS)["rows"]) == 5
    assert labels(control(Check(("short", "kind")), STEPS)["rows"]) == ["short", "kind"]
    assert control(Describe(("speed",), compare=True), STEPS)["rows"][0]["input"] == "radio"


def test_a_rating_says_which_end_is_best():
    assert (
        control(Rate(3), STEPS)["ends"] == control(Rate(None), STEPS)["ends"] == ("worst", "best")
    )


def test_explanations_belong_to_questions_that_exist():
    assert set(EXPLAINED) <= KINDS
