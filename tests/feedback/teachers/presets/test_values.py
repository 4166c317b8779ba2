import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Compare, Rate
from plaudit.feedback.teachers.presets.basic import boltzmann
from plaudit.feedback.teachers.presets.values import (
    believer,
    coach,
    hindsight,
    learned_regret,
    regret,
)
from plaudit.feedback.types import Query
from tests.feedback.recorded import recorded

TABULAR = "plaudit/Tabular-v0"
CORRIDOR = {"instance": "regret_vs_partial_return"}
LEFT, RIGHT = 0, 1


def walk(*actions):
    return recorded(TABULAR, CORRIDOR, actions, state=1)


def which(ask=None):
    """To the wall and lean, return -1 and regret 2, or two steps to the goal, -2 and 0."""
    return Query((walk(LEFT, LEFT), walk(RIGHT, RIGHT)), ask or Compare())


def test_regret_and_partial_return_disagree():
    # sigmoid(-2) = 0.11920 against sigmoid(1) = 0.73106
    assert regret(TABULAR, CORRIDOR).probs(which())[0] == pytest.approx(0.11920, abs=1e-5)
    assert boltzmann().probs(which())[0] == pytest.approx(0.73106, abs=1e-5)


def test_learned_values_stand_for_exact_ones():
    # Left is half a point worse than right by these: A = -1/2, -1/2 against 0, 0.
    teacher = learned_regret("tests.contracts.teacher_cases.values:to_the_right")
    assert teacher.probs(which())[0] == pytest.approx(1 / (1 + np.e))


def test_hindsight_sees_that_the_wall_was_a_detour():
    # With best play to the end: -1 + 0 + V(0) = 4 against -2 + V(3) = 6.
    assert hindsight(TABULAR, CORRIDOR).probs(which())[0] == pytest.approx(0.11920, abs=1e-5)
    # One more step: lean 0 or step right -1, both best; against -1.
    near = hindsight(TABULAR, CORRIDOR, steps=1).probs(which())[0]
    assert near == pytest.approx(0.88080, abs=1e-5)  # -1 + 0 against -3: sigmoid(2)


def test_a_coach_approves_of_what_is_better_than_the_habit():
    # Nothing is better than what one does anyway.
    teacher = coach(TABULAR, CORRIDOR, beta=2.0)
    teacher.set_policy(lambda obs: np.tile([0.0, 1.0], (len(obs), 1)))
    right, left = (Query((walk(action),), Approve()) for action in (RIGHT, LEFT))
    np.testing.assert_allclose(teacher.probs(right), [0.5, 0.5, 0])
    # Left: -1, back again -1, and 6 from cell 1 on; 2 less than 6 -> sigmoid(-4) = 0.01799
    np.testing.assert_allclose(teacher.probs(left)[1], 0.01799, atol=1e-5)
    teacher.set_policy(lambda obs: np.tile([1.0, 0.0], (len(obs), 1)))
    # Who always goes left pays 1 to the wall, and after a step right 1 + 2: A = -3 + 1, no praise.
    np.testing.assert_allclose(teacher.probs(right)[1], 0.01799, atol=1e-5)


def test_a_coach_rates_by_the_size_of_the_advantage():
    # A = -2 with spread 2: one level below the middle of three, thresholds -1 and 1:
    # P(worst) = sigmoid((-1 + 2) * 1) = 0.73106
    teacher = coach(TABULAR, CORRIDOR, spread=2.0)
    teacher.set_policy(lambda obs: np.tile([0.0, 1.0], (len(obs), 1)))
    probs = teacher.probs(Query((walk(LEFT),), Rate(3)))
    assert probs[0] == pytest.approx(0.73106, abs=1e-5)


def test_a_believer_never_needs_the_truth():
    settings = {"instance": "deceptive_inflation"}
    quietly, openly = (recorded(TABULAR, settings, [a], chance=[0.9]) for a in (1, 0))
    # -0.6 against -1: sigmoid(0.4) = 0.59869; the truth is -1.2 against -1
    probs = believer(TABULAR, settings).probs(Query((quietly, openly), Compare()))
    assert probs[0] == pytest.approx(0.59869, abs=1e-5)


def test_beta_and_agreement_exclude_each_other():
    with pytest.raises(ValueError, match="give beta or agreement, not both"):
        regret(TABULAR, CORRIDOR, beta=1.0, agreement=0.8)


def test_agreement_is_met_on_the_first_batch():
    # All pairs of regrets 2, 0 that differ: sigmoid(2 beta) = 0.9
    teacher = regret(TABULAR, CORRIDOR, agreement=0.9)
    teacher.answer([which()] * 50)
    assert teacher.probs(which())[1] == pytest.approx(0.9)
