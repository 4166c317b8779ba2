import pytest

from plaudit.feedback.asks import (
    Advise,
    Check,
    Choose,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Describe,
    Mark,
    Rank,
    Rate,
    React,
)
from plaudit.feedback.people.typed import how_to, keys, typed_answer
from tests.feedback.people.cases import ASKS, TYPED, name, some_answers


@pytest.mark.parametrize(("ask", "line", "answer", "_"), TYPED)
def test_every_kind_of_question_can_be_answered_by_a_line(ask, line, answer, _):
    assert typed_answer(ask, f"  {line.upper()} ") == answer


@pytest.mark.parametrize(
    "ask", [a for a in ASKS if len(a.names) == 1 and a.kind != "rank"], ids=name
)
def test_every_answer_has_a_number_and_a_name(ask):
    if ask.continuous:
        assert [typed_answer(ask, str(number)) for number in some_answers(ask)] == some_answers(ask)
        return
    assert [typed_answer(ask, name) for name in ask.names[0]] == list(ask.answers())
    if ask.kind not in ("correct", "demonstrate"):
        assert [typed_answer(ask, key) for key in keys(ask.names[0])] == list(ask.answers())


def test_numbers_are_those_that_names_bear_or_count_from_1():
    assert keys(("0", "1", "2")) == ("0", "1", "2")
    assert keys(("action 0", "action 1")) == ("0", "1")
    assert keys(("first", "second")) == ("1", "2")
    assert keys(("strength 1 first", "strength 1 second")) == ("1", "2")


@pytest.mark.parametrize(
    ("ask", "line", "answer"),
    [
        (Mark(6), "step 1 poor; 3-5 good", (0, 1, 0, 2, 2, 2)),
        (Mark(3), "none", (0, 0, 0)),
        (Check(("is polite", "is polite and short")), "is polite and short", (0, 1)),
        (Check(("a", "b", "c")), "1 - 3", (1, 1, 1)),
        (Check(("a", "b", "c")), "1 no, 3 yes", (0, 0, 1)),
        (Describe(("a", "b", "c"), compare=True), "1-2 first, 3 both", (0, 0, 2)),
        (Critique(3), "none", (0, 0, 0, 0)),
        (Critique(3, 5), "reward 4, avoid action 0", (5, 0, 0, 1)),
        (Rank(3), "2 > 3 > 1", (1, 2, 0)),
        (Correct(3, 4), "at step 3, action 1", (3, 1)),
    ],
)
def test_parts_may_be_named_numbered_and_left_out(ask, line, answer):
    assert typed_answer(ask, line) == answer


@pytest.mark.parametrize(
    ("ask", "line", "message"),
    [
        (Compare(), "", "'' is none of 'first', 'second'"),
        (Compare(), "3", "'3' is none of 'first', 'second'"),
        (Compare(levels=2), "m", "'m' may be several of 'slightly first'"),
        (Choose(3), "0", "'0' is none of 'number 1'"),
        (Rate(5), "5", "'5' is none of '0', '1', '2', '3', '4'"),
        (Rate(None), "two", r"'two' is no number; expected a number in \[0.0, 1.0\]"),
        (Rate(None), "nan", r"nan is no answer .* a number in \[0.0, 1.0\]"),
        (Rank(3), "1 2", "'1 2' is no answer; expected the numbers 1 to 3, the best one first"),
        (Rank(3), "0 1 2", "'0 1 2' is no answer"),
        (Correct(3, 4), "4 0", "'4 0' is no answer; expected a step of 0 to 3 and an action"),
        (Correct(3, 4), "-1 0", "'-1 0' is no answer"),
        (Demonstrate(3, 2), "1", "'1' is no answer; expected 2 actions of 0 to 2"),
        (Advise(3), "3", "'3' is none of 'action 0'"),
        (React(), "x", "'x' is none of 'love', 'none'"),
        (Mark(4), "", "'' names none of step 0   step 1"),
        (Mark(4), "2", "what about 'step 2'[?] Say one of unmarked, poor, good"),
        # Somebody may mean steps 2 and 1.
        (Mark(4), "2 1", "'1' is none of 'unmarked', 'poor', 'good'"),
        (Mark(4), "1 good, 0-2 poor", "'step 1' is mentioned twice"),
        (Mark(4), "2-4 good", "'2-4' is none of 0 to 3"),
        (Mark(4), "3-2 good", "'3-2' is none of 0 to 3"),
        (Check(("a", "b")), "1 2", "'2' is none of 'no', 'yes'"),
        (Describe(("a", "b"), compare=True), "1 first", "nothing is said about 'b'"),
        (Describe(("a", "b"), compare=True), "none", "nothing is said about 'a', 'b'"),
        (Critique(3), "right", "'right' names none of 1 reward   2 hindsight"),
        (Critique(3), "do action 3", "'action 3' is none of 'action 0'"),
    ],
)
def test_a_line_that_is_no_answer_is_refused_with_the_reason(ask, line, message):
    with pytest.raises(ValueError, match=message):
        typed_answer(ask, line)


@pytest.mark.parametrize("ask", [ask for ask in ASKS if len(ask.names) > 1], ids=name)
def test_the_example_that_people_are_given_is_an_answer(ask):
    example = how_to(ask).split('"')[1]
    assert any(typed_answer(ask, example))


def test_one_part_with_a_name_is_told_by_its_name():
    assert how_to(Check(("polite",))) == '1 polite\neach no / yes, e.g. "1"'
    assert typed_answer(Check(("polite",)), "polite") == (1,)
    assert typed_answer(Check(("polite",)), "none") == (0,)


def test_a_critique_offers_only_the_kinds_asked_for():
    said = how_to(Critique(2, slots=("hn", "fp")))
    assert said.splitlines() == [
        "hindsight: wrong",
        "do: action 0 / action 1",
        'as much as you like, e.g. "hindsight wrong, do action 1"',
    ]


def test_people_are_told_what_to_type():
    assert how_to(Compare(ties=True)) == "1 first   2 second   3 equally good"
    assert how_to(Advise(2)) == "action 0   action 1"
    assert how_to(Rate(None)) == "a number in [0.0, 1.0]"
    assert how_to(Mark(2)).startswith("step 0   step 1\neach unmarked / poor / good, e.g. ")
