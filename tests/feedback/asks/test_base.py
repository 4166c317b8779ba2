import json

import numpy as np
import pytest

from plaudit.feedback.asks import KINDS, Compare, Rate, ask_from_json
from tests.feedback.asks.examples import EXAMPLES


def test_every_kind_has_an_example():
    assert {ask.kind for ask in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_a_question_survives_json(ask):
    assert ask_from_json(json.loads(json.dumps(ask.to_json()))) == ask


@pytest.mark.parametrize("ask", [ask for ask in EXAMPLES if not ask.continuous], ids=str)
def test_every_answer_lies_in_the_space_and_has_its_own_cells(ask):
    answers = ask.answers()
    assert all(ask.check(answer) == answer for answer in answers)
    codes = ask.codes(np.array(answers))
    cells = [ask.answer(tuple(row)) for row in codes.tolist()]
    assert cells == list(answers)
    assert len(set(answers)) == len(answers) == np.prod(ask.sizes)


@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_samples_of_the_space_are_answers(ask):
    ask.space.seed(0)
    for _ in range(20):
        sample = ask.space.sample()
        stored = ask.check(sample)
        assert ask.check(stored) == stored
        assert json.loads(json.dumps(stored)) == (
            list(stored) if isinstance(stored, tuple) else stored
        )


@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_mirrors_undo_themselves(ask):
    for part, size in enumerate(ask.sizes):
        mirror = ask.mirror(part)
        if mirror is not None:
            assert [mirror[mirror[cell]] for cell in range(size)] == list(range(size))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "compair"}, "unknown ask 'compair'; did you mean 'compare'"),
        ({}, "unknown ask None"),
        ({"kind": "rate", "stars": 5}, "ask 'rate' has no setting 'stars'. Known: high"),
        ({"kind": "rate", "levls": 5}, r"no setting 'levls'; did you mean 'levels'\?"),
        ({"kind": "compare", "levels": True}, "levels must be an integer of at least 1, got True"),
        ({"kind": "compare", "ties": "yes"}, "ties must be True or False, got 'yes'"),
        ({"kind": "choose", "segments": 2.5}, r"segments must be an integer .* got 2\.5"),
        ({"kind": "rate", "levels": None, "low": "a"}, "low must be a finite number, got 'a'"),
        ({"kind": "react", "kinds": "love"}, "kinds must be a list of 1 or more names, got 'love'"),
        ({"kind": "react", "rates": ["x"]}, r"rates\[0\] must be a number above 0"),
        ({"kind": "check", "items": [1]}, r"items must be different names, .* got \[1\]"),
        ({"kind": "mark"}, r"ask 'mark' needs steps, e\.g\. steps=10"),
    ],
)
def test_unknown_questions_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ask_from_json(settings)


def test_real_numbers_are_not_enumerated():
    with pytest.raises(ValueError, match="has real numbers, which are not enumerated"):
        Rate(None).answers()


def test_an_answer_is_stored_as_plain_python():
    assert type(Compare().check(np.int64(1))) is int


def test_a_question_that_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match=r"an ask is \{'kind': ..., setting: ...\}, got 'rate'"):
        ask_from_json("rate")
