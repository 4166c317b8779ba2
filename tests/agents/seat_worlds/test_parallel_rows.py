import importlib

import numpy as np
import pettingzoo
import pytest

from plaudit.agents.seat_worlds import seat_world
from plaudit.envs.seats.vector import JointVectorEnv
from plaudit.feedback.wrappers import ParallelFeedback
from tests.agents.seat_worlds.toys import Leaving, Matching

NEGOTIATION = {"issues": 2, "levels": 2, "horizon": 4}  # offers 0..3, accept 4, walk away 5


def parallel(**settings):
    return pettingzoo.make("parallel", "plaudit/Negotiation-v0", **NEGOTIATION | settings)


def test_our_games_of_turns_are_played_as_in_the_vector_form_and_nobody_chooses_to_wait():
    rows = seat_world([parallel() for _ in range(3)])
    joint = seat_world(JointVectorEnv("plaudit/Negotiation-v0", 3, **NEGOTIATION))
    assert rows.action_spaces == joint.action_spaces
    assert rows.observation_spaces == joint.observation_spaces
    scene, same = rows.reset(7), joint.reset(7)
    for actions in ([1, 0], [0, 4], [2, 0]):  # the seller accepts, and all begin anew
        for place, legal in enumerate(scene.legal):
            assert np.array_equal(scene.obs[place], same.obs[place])
            on = scene.turn[:, place]
            assert np.array_equal(legal[on], same.legal[place][on])
        assert np.array_equal(scene.turn, same.turn)
        given = [np.full(3, action) for action in actions]
        (played, scene), (also, same) = rows.step(given), joint.step(given)
        assert np.allclose(played.rewards, also.rewards)
        assert np.array_equal(played.ends, also.ends)


def test_an_agent_that_left_waits_and_a_time_limit_cuts_the_other():
    world = seat_world([Leaving(), Leaving()])
    scene = world.reset(0)
    assert scene.turn.all()
    assert scene.legal[0].tolist() == [[True, False]] * 2
    nothing = [np.zeros(2, np.int64)] * 2
    played, scene = world.step(nothing)
    assert played.ends.tolist() == [[True, False]] * 2
    assert scene.turn.tolist() == [[False, True]] * 2
    played, _ = world.step(nothing)
    assert played.rewards.tolist() == [[0.0, 1.0]] * 2
    assert not played.over.any()
    played, scene = world.step(nothing)
    assert played.over.all()
    assert played.cut.tolist() == [[False, True]] * 2
    assert played.final[1][0].tolist() == [3.0]
    assert scene.obs[1].tolist() == [[0.0], [0.0]]


def test_what_ended_anyway_was_not_cut():
    world = seat_world(Leaving(leaves=3))
    world.reset(0)
    for _ in range(3):
        played, _ = world.step([np.zeros(1, np.int64)] * 2)
    assert played.ends.tolist() == [[True, True]]
    assert played.cut.tolist() == [[False, True]]


def test_opinions_are_paid_and_the_truth_stands_beside():
    judge = {"teacher": {"name": "oracle", "center": -1.0}, "ask": {"kind": "approve"}}
    told = []
    for envs in ([parallel()], [ParallelFeedback(parallel(), **judge, mode="joint")]):
        world = seat_world(envs)
        world.reset(0)
        world.step([np.array([1]), np.array([0])])
        told.append(world.step([np.array([0]), np.array([4])])[0])  # a deal
    plain, judged = told
    assert judged.over.all()
    assert judged.rewards.tolist() == [[1.0, 1.0]]  # the joint return is above -1: approved
    assert np.allclose(judged.truth, plain.rewards)
    assert not np.allclose(plain.truth, 1.0)


def test_a_saved_state_goes_on_as_the_original():
    world, other = seat_world([parallel(), parallel()]), seat_world([parallel(), parallel()])
    world.reset(1)
    world.step([np.array([0, 5]), np.zeros(2, np.int64)])
    other.set_state(world.get_state())
    actions = [np.array([4, 1]), np.array([2, 3])]
    assert str(world.step(actions)) == str(other.step(actions))


def test_what_cannot_be_saved_says_so():
    world = seat_world(Matching())
    world.reset(0)
    with pytest.raises(TypeError, match="matching_v0 cannot be saved: it has no get_state"):
        world.get_state()


def test_rows_that_differ_are_refused():
    with pytest.raises(ValueError, match="row 1 has the spaces"):
        seat_world([Matching(4), Matching(5)])


def test_a_form_of_turns_is_refused_with_how_to_convert_it():
    with pytest.raises(TypeError, match="aec_to_parallel"):
        seat_world(pettingzoo.make("aec", "plaudit/Negotiation-v0"))


def test_an_environment_of_pettingzoos_own_is_played():
    try:
        rps = importlib.import_module("pettingzoo.classic.rps_v2")
    except ImportError as missing:
        pytest.skip(f"PettingZoo's classic games need more: {missing}")
    world = seat_world([rps.parallel_env(max_cycles=2) for _ in range(3)])
    scene = world.reset(0)
    assert scene.obs[0].tolist() == [3, 3, 3]  # nothing was thrown yet
    paper, rock = np.ones(3, np.int64), np.zeros(3, np.int64)
    played, scene = world.step([paper, rock])
    assert played.rewards.tolist() == [[1.0, -1.0]] * 3
    assert scene.obs[0].tolist() == [0, 0, 0]
    played, _ = world.step([paper, rock])
    assert played.over.all()
    assert played.cut.all()
