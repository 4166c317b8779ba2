from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.teachers.utilities import LearnedRegret, Regret
from tests.feedback.recorded import recorded

TABULAR, GRID = "plaudit/Tabular-v0", "plaudit/PartialView-v0"
CORRIDOR = {"instance": "regret_vs_partial_return"}  # V* = 10 - (cells to the goal)
RISK = {"instance": "safe_or_risky"}  # safe 0, risky +1 or -10, each with 1/2
MASKED = {"instance": "recoverable"}  # with two of three actions illegal in the second step
LEFT, RIGHT = 0, 1


def test_who_goes_to_the_goal_regrets_nothing_and_who_leans_on_the_wall_does():
    # From cell 1: left loses 6 - (-1 + 5) = 2, leaning pays 0 and loses 5 - (0 + 5) = 0.
    wall = recorded(TABULAR, CORRIDOR, [LEFT, LEFT], state=1)
    goal = recorded(TABULAR, CORRIDOR, [RIGHT, RIGHT], state=1)
    utility = Regret(TABULAR, CORRIDOR)
    np.testing.assert_array_equal(utility.steps(wall), [-2, 0])
    assert (utility.segment(wall), utility.segment(goal)) == (-2, 0)
    assert wall.rewards.sum() > goal.rewards.sum()  # -1 > -2: partial return says otherwise


def test_later_steps_weigh_less_under_a_discount():
    # Right and left again: advantages 0 and -2 - weighed by 1 and 1/2.
    back = recorded(TABULAR, CORRIDOR, [RIGHT, LEFT], state=1)
    assert Regret(TABULAR, CORRIDOR, gamma=0.5).segment(back) == -1


@pytest.mark.parametrize(("luck", "reward"), [(0.0, 1.0), (0.9, -10.0)])
def test_luck_counts_only_where_it_is_asked_for(luck, reward):
    # V* = 0 by playing safe; the risk is worth (1 - 10) / 2 = -4.5, however it turns out.
    risky = recorded(TABULAR, RISK, [1], chance=[luck])
    assert Regret(TABULAR, RISK).segment(risky) == -4.5
    assert Regret(TABULAR, RISK, realised=True).segment(risky) == reward


@pytest.mark.parametrize(
    ("world", "settings"),
    [
        ("plaudit/Delivery-v0", {"layout": "village"}),
        (GRID, {}),
        ("plaudit/TokenNgram-v0", {}),
        ("plaudit/LanguageTeacher-v0", {}),
    ],
)
def test_in_a_deterministic_world_the_sum_telescopes(world, settings):
    # sum_t A_t = -(V*(s_0) - (G + V*(s_T)))
    actions = np.random.default_rng(0).integers(0, 4, 4)
    segment = recorded(world, settings, actions, seed=2, skip=1)
    utility = Regret(world, settings)
    first, last = (utility.simulator.value(segment.states[i]) for i in (0, -1))
    change = last + segment.rewards.sum() - first
    assert utility.segment(segment) == pytest.approx(change)
    assert Regret(world, settings, realised=True).segment(segment) == pytest.approx(change)
    assert change <= 1e-9


def test_the_grids_own_regret_is_the_same():
    segment = recorded(GRID, {}, [0, 4, 3, 2, 1, 4], seed=4)
    game = Regret(GRID).simulator.game
    rows = {
        name: np.concatenate([s["game"][name] for s in segment.states[:-1]])
        for name in ("place", "left")
    }
    regret = game.segment(rows, segment.actions).regret
    assert Regret(GRID).segment(segment) == pytest.approx(-regret)


def test_an_illegal_action_is_worth_what_it_cost():
    # Clean code may only be run: action 1 costs 0.1 and changes nothing, V* = 0.8 stays.
    segment = recorded(TABULAR, MASKED, [0, 1, 0], chance=[0.0, 0.0])
    utility = Regret(TABULAR, MASKED)
    # Patching is best; running pays 1 by luck, but is the only way.
    np.testing.assert_allclose(utility.steps(segment), [0, -0.1, 0])
    np.testing.assert_allclose(utility.actions(segment)[1], [0.8, 0.7, -np.inf])
    with pytest.raises(ValueError, match="a lens that opens the rewards"):
        Regret(TABULAR, MASKED).steps(replace(segment, rewards=None))


def test_actions_are_worth_their_values_and_nothing_after_the_end():
    segment = recorded(TABULAR, CORRIDOR, [RIGHT, RIGHT], state=3)
    # Cell 3: left -1 + 7, right -1 + 9; cell 4: left -1 + 8, right 9.
    np.testing.assert_array_equal(
        Regret(TABULAR, CORRIDOR).actions(segment), [[6, 8], [7, 9], [np.nan, np.nan]]
    )


def test_paths_go_on_from_the_segments_end():
    segment = recorded(TABULAR, CORRIDOR, [LEFT], state=1)
    assert Regret(TABULAR, CORRIDOR).paths(segment, 1).tolist() == [5, 5]  # lean, or right


def by_place(obs):
    """Action values 10 a + first number of the observation."""
    return obs[:, :1] + 10.0 * np.arange(2)


def by_state(obs):
    return 2.0 * obs[:, 0]


def test_learned_action_values_judge_against_the_best_they_know():
    segment = recorded(TABULAR, CORRIDOR, [LEFT, RIGHT], state=1)
    utility = LearnedRegret(by_place)
    # left is worth 10 less than right wherever one is
    assert utility.steps(segment.view()).tolist() == [-10, 0]
    np.testing.assert_array_equal(utility.actions(segment.view()), [[1, 11], [0, 10], [1, 11]])


def test_learned_state_values_judge_by_temporal_differences():
    # cells 3, 4, goal 5; values 6, 8 and 0 after the end: -1 + 8 / 2 - 6, 9 + 0 - 8
    segment = recorded(TABULAR, CORRIDOR, [RIGHT, RIGHT], state=3)
    utility = LearnedRegret(by_state, gamma=0.5)
    assert utility.steps(segment).tolist() == [-3, 1]
    assert utility.segment(segment) == -2.5  # -3 + 1 / 2
    with pytest.raises(ValueError, match="by_state gives values of states; this question needs"):
        utility.actions(segment)


def test_learned_values_may_be_named():
    # of_places: a quarter of the cell; here -1 + 2 / 4 - 1 / 4
    utility = LearnedRegret("tests.contracts.teacher_cases.values:of_places")
    assert utility.segment(recorded(TABULAR, CORRIDOR, [RIGHT], state=1)) == -0.75
    with pytest.raises(ValueError, match="there is no value function 'json:nothing'"):
        LearnedRegret("json:nothing").segment(recorded(TABULAR, CORRIDOR, [RIGHT]))


def test_learned_values_of_the_wrong_shape_are_refused():
    segment = recorded(TABULAR, CORRIDOR, [LEFT])
    with pytest.raises(ValueError, match=r"must give \(2, actions\) or \(2,\) values, got \(1,\)"):
        LearnedRegret(lambda obs: np.zeros(1)).steps(segment)


@pytest.mark.parametrize("gamma", [0.0, 1.5, float("nan")])
def test_gamma_outside_its_range_is_refused(gamma):
    for make in (lambda: Regret(TABULAR, gamma=gamma), lambda: LearnedRegret("a:b", gamma)):
        with pytest.raises(ValueError, match=r"gamma must be a number above 0 and at most 1"):
            make()
