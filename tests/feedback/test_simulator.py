import gymnasium as gym
import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.simulator import Simulator
from plaudit.feedback.teachers.opening import world_states
from tests.feedback.recorded import recorded

TABULAR = "plaudit/Tabular-v0"
CORRIDOR = {"instance": "regret_vs_partial_return"}  # V* = 10 - (cells to the goal)
MASKED = {"instance": "recoverable"}  # with two of three actions illegal in the second step
LEFT, RIGHT = 0, 1


def test_action_values_by_hand():
    # From cell 1: left -1 + V(0) = -1 + 5 = 4, right -1 + V(2) = -1 + 7 = 6.
    here, there = recorded(TABULAR, CORRIDOR, [LEFT], state=1).states
    simulator = Simulator(TABULAR, CORRIDOR)
    np.testing.assert_array_equal(simulator.action_values(here), [4, 6])
    assert (simulator.value(here), simulator.value(there)) == (6, 5)


def test_illegal_actions_are_impossible_and_nothing_has_value_after_the_end():
    # Clean code runs (1) with 0.9 and else crashes (-1): 0.8.
    *_, clean, over = recorded(TABULAR, MASKED, [0, 0], chance=[0.0, 0.0]).states
    simulator = Simulator(TABULAR, MASKED)
    np.testing.assert_allclose(simulator.action_values(clean), [0.8, -np.inf, -np.inf])
    assert np.isnan(simulator.action_values(over)).all()
    assert simulator.value(over) == 0


def test_the_same_actions_lead_to_the_same_future_as_in_the_episode():
    world = "plaudit/TokenNgram-v0"
    segment = recorded(world, {}, [3, 1, 2, 0], seed=5)
    later = Simulator(world).play(segment.states[1], segment.actions[1:])
    np.testing.assert_array_equal(later.obs, segment.obs[2:])
    np.testing.assert_array_equal(later.rewards, segment.rewards[1:])
    assert later.actions.dtype == segment.actions.dtype


def test_play_stops_at_the_end_and_policies_see_where_they_are():
    (start, _) = recorded(TABULAR, CORRIDOR, [RIGHT], state=3).states
    simulator = Simulator(TABULAR, CORRIDOR)
    shown = []

    def right(moment):
        shown.append((*moment.obs.tolist(), moment.mask.tolist()))
        return RIGHT

    later = simulator.follow(start, right)
    assert shown == [(3, 10, [True, True]), (4, 9, [True, True])]
    assert later.over
    assert later.rewards.tolist() == [-1, 9]  # a step, and the goal's 10 less a step
    assert len(simulator.play(start, [RIGHT] * 5).actions) == 2
    assert not simulator.follow(start, right, 1).over


def test_nothing_happens_after_the_end():
    over = recorded(TABULAR, CORRIDOR, [RIGHT], state=4).states[-1]
    later = Simulator(TABULAR, CORRIDOR).play(over, [LEFT])
    assert later.obs.shape == (0, 2)
    assert later.actions.shape == later.rewards.shape == (0,)


def test_illegal_actions_cost_what_the_world_says():
    clean = recorded(TABULAR, MASKED, [0], chance=[0.0, 0.0]).states[-1]
    later = Simulator(TABULAR, MASKED).play(clean, [1, 0])
    np.testing.assert_allclose(later.rewards, [-0.1, 1])  # the penalty, then it runs


def test_paths_by_hand():
    # From cell 0, two steps, in the order 00 01 10 11: lean and lean 0 + V(0) = 5; lean, right
    # -1 + V(1) = 5; right, left -2 + 5 = 3; right, right -2 + V(2) = 5.
    (state, _) = recorded(TABULAR, CORRIDOR, [LEFT], state=0).states
    values = Simulator(TABULAR, CORRIDOR).path_values(state, 2)
    np.testing.assert_array_equal(values, [5, 5, 3, 5])


def test_paths_end_with_the_episode_and_never_hold_illegal_actions():
    # With this luck a patch is clean (1) and runs (1), a hack is clean too, and things left alone
    # run (1) and are over, whatever follows.
    start = recorded(TABULAR, MASKED, [0], chance=[0.0, 0.0]).states[0]
    values = Simulator(TABULAR, MASKED).path_values(start, 2)
    impossible = -np.inf
    np.testing.assert_array_equal(
        values, [2, impossible, impossible, 2, impossible, impossible, 1, 1, 1]
    )


def test_too_many_paths_and_those_after_the_end_are_refused():
    start, over = recorded(TABULAR, CORRIDOR, [RIGHT], state=4).states
    simulator = Simulator(TABULAR, CORRIDOR)
    with pytest.raises(ValueError, match="2 actions make 8192 sequences of 13, at most 5040"):
        simulator.path_values(start, 13)
    with pytest.raises(ValueError, match="the episode is over: there is nothing left to play"):
        simulator.path_values(over, 2)


def test_states_of_another_world_are_refused():
    (state, _) = recorded(TABULAR, MASKED, [0]).states
    with pytest.raises(ValueError, match="expected a state of Tabular"):
        Simulator(TABULAR, CORRIDOR).action_values(state)


def test_worlds_without_action_values_are_refused():
    world = "plaudit/PointReach-v0"
    env = gym.make(world).unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"plaudit/PointReach-v0 does not know what its actions"):
        Simulator(world).action_values(env.get_state())


def test_other_peoples_worlds_are_refused():
    with pytest.raises(TypeError, match=r"'CartPole-v1' is a CartPoleEnv, none of plaudit's own"):
        Simulator("CartPole-v1")


def test_segments_without_states_are_refused():
    seen = recorded(TABULAR, CORRIDOR, [LEFT]).view()
    with pytest.raises(ValueError, match=r"Regret needs the states .*no states: .*states=True"):
        world_states(seen, "Regret")


def test_unknown_worlds_are_refused_at_once():
    with pytest.raises(KeyError, match=r"unknown world 'plaudit/Tabula-v0'; did you mean"):
        feedback.make("regret", world="plaudit/Tabula-v0")
    with pytest.raises(TypeError, match=r"world must be an id, .* got 3"):
        Simulator(3)
