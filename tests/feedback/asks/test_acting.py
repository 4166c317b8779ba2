import numpy as np
import pytest

from plaudit.feedback.asks import Advise, Correct, Demonstrate, ask_from_json
from plaudit.feedback.teachers.choices import Argmax, Boltzmann, CoinFlip

VALUES = np.log([[1.0, 3.0], [2.0, 1.0], [5.0, 5.0]])  # at two steps and after the last one


def test_advice_is_about_what_comes_next():
    # values ln 5, ln 5 after the last step: even odds
    ask = Advise(2)
    (odds,) = Boltzmann().odds(ask, ask.from_actions(VALUES, np.array([0, 0])))
    np.testing.assert_allclose(odds, [0.5, 0.5])


def test_a_correction_weighs_what_each_change_would_gain():
    # taken 0, 0: gains ln 1, ln 3 at step 0 and ln 1, ln 1/2 at step 1: weights 1, 3, 1, 1/2
    ask = Correct(actions=2, steps=2)
    (odds,) = Boltzmann().odds(ask, ask.from_actions(VALUES, np.array([0, 0])))
    np.testing.assert_allclose(odds, np.array([1, 3, 1, 0.5]) / 5.5)
    assert ask.answers()[1] == (0, 1)


def test_steps_that_a_short_segment_lacks_are_never_corrected():
    ask = Correct(actions=2, steps=5)
    utilities = ask.from_actions(VALUES, np.array([0, 0]))
    for odds in (Boltzmann(0.0).odds(ask, utilities)[0], np.exp(ask.log_random(utilities)[0])):
        np.testing.assert_allclose(odds, [0.25] * 4 + [0.0] * 6)


def test_a_demonstrator_chooses_among_all_paths():
    # returns of the paths 00, 01, 10, 11
    (odds,) = Boltzmann().odds(Demonstrate(2, 2), np.log([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(odds, [0.1, 0.2, 0.3, 0.4])


def test_paths_are_listed_with_the_first_action_slowest():
    ask = Demonstrate(actions=3, steps=2)
    assert ask.answers()[:4] == ((0, 0), (0, 1), (0, 2), (1, 0))
    assert ask.codes(np.array([[2, 1]])).tolist() == [[7]]


@pytest.mark.parametrize("ask", [Correct(3, 4), Demonstrate(3, 2), Advise(3)])
def test_codes_are_the_reverse_of_answers(ask):
    codes = ask.codes(np.array(ask.answers()))
    np.testing.assert_array_equal(codes[:, 0], np.arange(len(ask.answers())))


def test_too_many_demonstrations_are_refused():
    with pytest.raises(ValueError, match="10 actions make 10000 demonstrations of 4 steps"):
        Demonstrate(10, 4)


def test_a_segment_longer_than_the_question_is_refused():
    with pytest.raises(ValueError, match="can't correct a segment of 2 steps"):
        Correct(2, 1).from_actions(VALUES, np.array([0, 0]))


@pytest.mark.parametrize("answer", [(2, 0), (0, 2), (0,), 1, (0, 0.5)])
def test_corrections_outside_the_space_are_refused(answer):
    with pytest.raises(ValueError, match="is no answer to Correct"):
        Correct(2, 2).check(answer)


def test_illegal_actions_are_never_advised():
    # weights 1, 2, 4 of which the middle one is illegal: 1/5 and 4/5; at random 1/2 and 1/2
    ask = Advise(3, legal=(0, 2))
    utilities = ask.from_actions(np.log([[1.0, 2.0, 4.0]]), np.zeros(0))
    np.testing.assert_allclose(Boltzmann().odds(ask, utilities)[0], [0.2, 0.0, 0.8])
    np.testing.assert_allclose(np.exp(ask.log_random(utilities)[0]), [0.5, 0.0, 0.5])
    np.testing.assert_allclose(CoinFlip().odds(ask, ask.alike(0))[0], [0.5, 0.0, 0.5])
    np.testing.assert_allclose(Argmax().odds(ask, utilities)[0], [0.0, 0.0, 1.0])
    with pytest.raises(ValueError, match=r"action 1 is not legal now; expected one of \(0, 2\)"):
        ask.check(1)
    with pytest.raises(ValueError, match=r"legal\[0\] must be an integer in 0\.\.2, got 3"):
        Advise(3, legal=[3])
    assert ask_from_json(ask.to_json()) == ask


ILLEGAL = np.array([[0.0, 2.0, -np.inf], [1.0, -np.inf, 3.0]])  # values before and after a step


@pytest.mark.parametrize(
    ("ask", "possible"),
    [
        (Advise(3), [1, 0, 1]),
        (Correct(3, 2), [1, 1, 0, 0, 0, 0]),  # the second step is lacking
    ],
)
def test_illegal_actions_are_never_named_not_even_at_random(ask, possible):
    utilities = ask.from_actions(ILLEGAL, np.array([1]))
    for odds in (*Boltzmann(0.0).odds(ask, utilities), np.exp(ask.log_random(utilities)[0])):
        np.testing.assert_allclose(odds, np.array(possible) / np.sum(possible))


def test_impossible_paths_are_never_shown():
    utilities = np.array([0.0, -np.inf, np.log(3.0), -np.inf])
    (odds,) = Boltzmann().odds(Demonstrate(2, 2), utilities)
    np.testing.assert_allclose(odds, [0.25, 0, 0.75, 0])
    random = np.exp(Demonstrate(2, 2).log_random(utilities)[0])
    np.testing.assert_allclose(random, [0.5, 0, 0.5, 0])


def test_what_was_done_must_have_a_value():
    with pytest.raises(ValueError, match=r"finite values of the actions taken, .* got \[-inf\]"):
        Correct(3, 2).from_actions(ILLEGAL, np.array([2]))


def test_after_the_end_there_is_nothing_to_advise():
    with pytest.raises(ValueError, match="the episode is over, there is nothing to advise"):
        Advise(2).from_actions(np.array([[1.0, 2.0], [np.nan, np.nan]]), np.array([0]))
