from dataclasses import dataclass
from itertools import permutations

import pytest

from plaudit.feedback.asks import KINDS as ALL
from plaudit.feedback.asks import Compare, Rank, Rate
from plaudit.feedback.people.places import stored_answer, titles
from tests.feedback.people.cases import ASKS, KINDS, TYPED, name, some_answers, turned


def test_the_cases_hold_every_kind_of_question():
    assert set(ALL) == KINDS


@pytest.mark.parametrize("ask", ASKS, ids=name)
def test_mapping_there_and_back_changes_nothing(ask):
    for order in permutations(range(ask.segments)):
        answers, back = some_answers(ask), tuple(map(order.index, range(ask.segments)))
        stored = [stored_answer(ask, order, answer) for answer in answers]
        assert [stored_answer(ask, back, answer) for answer in stored] == answers
        assert sorted(stored) == sorted(answers) or len(answers) == 200


@pytest.mark.parametrize(("ask", "_", "shown", "stored"), TYPED)
def test_a_turned_order_moves_the_answers_worked_out_by_hand(ask, _, shown, stored):
    # The order of three is (2, 0, 1): what is third is stored as 1.
    assert stored_answer(ask, turned(ask), shown) == stored


def test_an_answer_outside_the_space_is_refused():
    with pytest.raises(ValueError, match=r"5 is no answer to Compare.*0\.\.1"):
        stored_answer(Compare(), (1, 0), 5)


def test_a_question_about_several_segments_that_nobody_knows_is_refused():
    @dataclass(frozen=True)
    class Worst(Rank):
        pass

    @dataclass(frozen=True)
    class Alike(Compare):
        levels: int = 1
        segments: int = 2

        def check(self, answer):
            return answer

    assert stored_answer(Worst(2), (1, 0), (0, 1)) == (1, 0)
    with pytest.raises(TypeError, match=r"nobody said how answers to .*Alike"):
        stored_answer(Alike(), (1, 0), (0, 1))


def test_segments_are_called_by_their_places():
    assert [titles(ask) for ask in ASKS if ask.kind == "rank"] == [
        ("number 1", "number 2", "number 3")
    ]
    assert titles(Compare()) == ("first", "second")
    assert titles(Rate()) == ("",)
