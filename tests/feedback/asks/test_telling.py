import numpy as np
import pytest

from plaudit.feedback.asks import Critique
from plaudit.feedback.teachers.choices import Argmax, Boltzmann

VALUES = np.log([[1.0, 3.0], [2.0, 4.0]])  # before and after the only step


def odds(ask, choice, taken=0, values=VALUES):
    return choice.odds(ask, ask.from_actions(values, np.array([taken])))


def test_right_is_as_likely_as_what_was_done_against_the_best():
    # done ln 1, best ln 3: right 1/3; after it 2 against 4: do 1/3, 2/3; avoid 2/3, 1/3
    _, hindsight, do, avoid = odds(Critique(2), Boltzmann())
    np.testing.assert_allclose(hindsight, [0, 1 / 3, 2 / 3])
    np.testing.assert_allclose(do, [0, 1 / 3, 2 / 3])
    np.testing.assert_allclose(avoid, [0, 2 / 3, 1 / 3])


def test_the_reward_is_rated():
    # levels 2, center 0: done ln 3: sigmoid(ln 3) = 3/4 for the upper one
    reward, *_ = odds(Critique(2, levels=2), Boltzmann(), taken=1)
    np.testing.assert_allclose(reward, [0, 0.25, 0.75])


@pytest.mark.parametrize(("taken", "expected"), [(1, [0, 1, 0]), (0, [0, 0, 1])])
def test_an_infallible_critic_calls_the_best_action_right(taken, expected):
    np.testing.assert_array_equal(odds(Critique(2), Argmax(), taken)[1], expected)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [(("hp",), [2 / 3, 1 / 3, 0]), (("hn",), [1 / 3, 0, 2 / 3]), (("r",), [1, 0, 0])],
)
def test_what_is_not_asked_for_remains_unsaid(slots, expected):
    np.testing.assert_allclose(odds(Critique(2, slots=slots), Boltzmann())[1], expected)


def test_at_the_end_nothing_is_said_about_what_comes_next():
    ask, values = Critique(2), VALUES.copy()
    values[1] = np.nan
    utilities = ask.from_actions(values, np.array([0]))
    for parts in (Boltzmann().odds(ask, utilities), list(map(np.exp, ask.log_random(utilities)))):
        np.testing.assert_array_equal(parts[2], [1, 0, 0])
        np.testing.assert_array_equal(parts[3], [1, 0, 0])


def test_an_answer_in_words():
    ask = Critique(2)
    assert ask.say((5, 2, 0, 1)) == (
        "That was worth level 4. What you just did was wrong. Not next: action 0."
    )
    assert ask.say((0, 0, 0, 0)) == ""


def test_an_answer_in_other_words_and_with_the_names_of_the_actions():
    said = Critique(2).say((0, 1, 2, 0), wordings=(0, 1, 2, 0), actions=("go left", "go right"))
    assert said == "Your last step was right. What to do now: go right."


def test_a_critique_needs_a_step():
    with pytest.raises(ValueError, match="the last step of a segment, which has none"):
        Critique(2).from_actions(VALUES[:1], np.zeros(0))


def test_unknown_slots_are_refused():
    with pytest.raises(ValueError, match=r"unknown name in slots 'hx'; did you mean"):
        Critique(2, slots=("hx",))


def test_illegal_actions_are_neither_advised_nor_warned_of():
    # before: 2 is illegal; after: 1 is illegal, 0 and 2 are worth ln 1 and ln 3
    values = np.array([[0.0, np.log(3.0), -np.inf], [0.0, -np.inf, np.log(3.0)]])
    ask = Critique(3)
    utilities = ask.from_actions(values, np.array([0]))
    _, hindsight, do, avoid = Boltzmann().odds(ask, utilities)
    np.testing.assert_allclose(hindsight, [0, 1 / 3, 2 / 3])
    np.testing.assert_allclose(do, [0, 0.25, 0, 0.75])
    np.testing.assert_allclose(avoid, [0, 0.75, 0, 0.25])
    for part in ask.log_random(utilities)[2:]:
        np.testing.assert_allclose(np.exp(part), [0, 0.5, 0, 0.5])


def test_what_was_done_must_have_a_value():
    with pytest.raises(ValueError, match=r"finite values of the actions taken, .* got \[-inf\]"):
        Critique(2).from_actions(np.array([[-np.inf, 0.0], [0.0, 0.0]]), np.array([0]))
