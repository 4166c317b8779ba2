import gymnasium as gym
import numpy as np
import pytest

import plaudit  # noqa: F401  registers the worlds
from plaudit.feedback.asks import Choose, Compare
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.utilities import PairMatrix
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.teachers.utilities.pair_matrix import preferences_of
from plaudit.feedback.types import Query, Segment, SegmentRef
from tests.contracts.teacher_cases.criteria import played

M = [[0.5, 0.8, 0.3], [0.2, 0.5, 0.9], [0.7, 0.1, 0.5]]
BEATS = [[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]
BOLTZMANN = Boltzmann()
PROMPT = {"name": "entry", "index": 0, "at": "first"}


def item(number, prompt=0):
    obs = np.array([[prompt], [prompt]])
    return Segment(obs, np.array([number]), SegmentRef("test", 0, 0, 1))


def odds(utility, *segments, choice=BOLTZMANN):
    ask = Compare() if len(segments) == 2 else Choose(len(segments))
    query = Query(tuple(segments), ask)
    return choice.odds(ask, utilities_of(utility, segments, query))[0]


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 2), (2, 0), (1, 1)])
def test_pairs_have_the_odds_of_the_matrix(i, j):
    assert odds(PairMatrix(M, "acted"), item(i), item(j))[0] == pytest.approx(M[i][j], abs=1e-15)


@pytest.mark.parametrize("choice", [BOLTZMANN, Argmax()])
@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0), (1, 2), (2, 0), (0, 0)])
def test_certain_preferences_stay_certain(choice, i, j):
    probs = odds(PairMatrix(BEATS, "acted"), item(i), item(j), choice=choice)
    assert probs.tolist() == [BEATS[i][j], 1 - BEATS[i][j]]


def test_utilities_of_a_pair_are_half_the_logit_to_either_side():
    query = Query((item(0), item(1)), Compare())
    utilities = PairMatrix(M, "acted").together(query.segments, query)
    np.testing.assert_allclose(utilities, [np.log(4) / 2, -np.log(4) / 2])  # logit .8 = log 4


def test_the_best_of_three_wins_a_pair_drawn_evenly():
    # of three pairs 0 wins .8 + .3, 1 wins .2 + .9 and 2 wins .7 + .1
    probs = odds(PairMatrix(M, "acted"), item(0), item(1), item(2))
    np.testing.assert_allclose(probs, [1.1 / 3, 1.1 / 3, 0.8 / 3])
    # and with 1 twice: each wins .2 against 0 and .5 against the other one
    probs = odds(PairMatrix(M, "acted"), item(0), item(1), item(1))
    np.testing.assert_allclose(probs, [1.6 / 3, 0.7 / 3, 0.7 / 3])


def test_every_prompt_has_a_matrix_of_its_own():
    utility = PairMatrix([M, np.transpose(M)], "acted", PROMPT)
    assert odds(utility, item(0), item(1))[0] == pytest.approx(0.8)
    assert odds(utility, item(0, 1), item(1, 1))[0] == pytest.approx(0.2)
    with pytest.raises(ValueError, match=r"its segments answer prompts \{0, 1\}"):
        odds(utility, item(0), item(1, 1))


@pytest.mark.parametrize(
    ("matrix", "prompt", "message"),
    [
        ([[0.5, 0.6], [0.6, 0.5]], None, r"must satisfy P \+ P\^T = 1"),
        ([M], None, "a matrix for each prompt needs `prompt`"),
        (M, PROMPT, "one matrix has none"),
    ],
)
def test_what_is_no_matrix_of_preferences_is_refused(matrix, prompt, message):
    with pytest.raises(ValueError, match=message):
        PairMatrix(matrix, "acted", prompt)


def test_what_is_no_item_is_refused():
    with pytest.raises(ValueError, match=r"item must be an integer in 0\.\.2, got 3"):
        odds(PairMatrix(M, "acted"), item(0), item(3))
    with pytest.raises(ValueError, match="says which of several is better"):
        PairMatrix(M, "acted").segment(item(0))


@pytest.mark.parametrize("order", ["left_to_right", "right_to_left"])
def test_the_crowd_of_token_bandit_prefers_as_its_game_says(order):
    world, settings = "plaudit/TokenBandit-v0", {"truth": "general", "order": order}
    game = gym.make(world, **settings).unwrapped.game
    # Seed 1 asks prompt 3; "3 5" and "0 7" in reading order are 8 * 3 + 5 and 7.
    words = [(3, 5), (0, 7)] if order == "left_to_right" else [(5, 3), (7, 0)]
    pair = [played(world, *word, **settings) for word in words]
    expected = game.preference(3)[29, 7]
    assert odds(preferences_of(world, settings), *pair)[0] == pytest.approx(expected)


def test_the_crowd_of_the_preference_game_prefers_as_its_game_says():
    world = "plaudit/PreferenceGame-v0"
    game = gym.make(world).unwrapped.game.rules
    expected = game.preferences[3, 2, 4]  # seed 1 asks prompt 3
    utility = preferences_of(world, {})
    probs = odds(utility, played(world, 2), played(world, 4))
    assert probs[0] == pytest.approx(expected)
    with pytest.raises(ValueError, match="answers of one round, got 2 steps"):
        odds(utility, *[played(world, 2, 1, rounds=2)] * 2)


def test_an_unfinished_answer_is_refused():
    world = "plaudit/TokenBandit-v0"
    with pytest.raises(ValueError, match=r"between whole answers; .* ends before its end"):
        odds(preferences_of(world, {}), *[played(world, 3)] * 2)


def test_worlds_without_preferences_are_refused():
    with pytest.raises(ValueError, match=r"TokenMath-v0 has no preferences between answers"):
        preferences_of("plaudit/TokenMath-v0", {})
