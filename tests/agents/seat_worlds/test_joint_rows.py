import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.seat_worlds import seat_world
from plaudit.agents.seat_worlds.joint_rows import JointRows
from plaudit.envs.registry import WORLDS, World
from plaudit.envs.seats.vector import JointVectorEnv


@pytest.fixture
def nim(monkeypatch):
    toy = World("tests.envs.seats.toys:Nim", ("multiagent",), several_seats=True)
    monkeypatch.setitem(WORLDS, "plaudit/Nim-v0", toy)
    return lambda **settings: JointVectorEnv("plaudit/Nim-v0", 2, **settings)


class Halved(gym.vector.VectorWrapper):
    """Pays half, and says what was earned in truth."""

    def step(self, actions):
        obs, reward, terminated, truncated, info = self.env.step(actions)
        return obs, reward / 2, terminated, truncated, info | {"true_reward": reward}


def test_seats_that_wait_do_nothing_whatever_they_are_given(nim):
    world = seat_world(nim())
    scene = world.reset(0)
    assert scene.turn.tolist() == [[True, False], [True, False]]
    played, scene = world.step([np.array([0, 1]), np.array([1, 1])])
    # 3 - 1 and 3 - 2 stones are left, and the second seat paid a hundredth for waiting
    assert [seen.tolist() for seen in scene.obs] == [[[2], [1]], [[2], [1]]]
    assert played.rewards.tolist() == [[0.0, -0.01], [0.0, -0.01]]
    assert scene.turn.tolist() == [[False, True], [False, True]]
    assert scene.legal[1].tolist() == [[True, True], [True, False]]


def test_an_episode_ends_for_all_seats_and_the_next_one_is_shown(nim):
    world = seat_world(nim())
    world.reset(0)
    world.step([np.array([0, 1]), np.array([0, 0])])
    played, scene = world.step([np.array([0, 0]), np.array([0, 0])])  # 2 - 1; the last of 1
    assert played.over.tolist() == [False, True]
    assert played.ends.tolist() == [[False, False], [True, True]]
    assert not played.cut.any()
    assert played.final is None
    assert scene.obs[0].tolist() == [[1], [3]]


def test_what_is_paid_and_the_truth_stand_apart_under_a_wrapper(nim):
    world = seat_world(Halved(nim()))
    world.reset(0)
    played, _ = world.step([np.array([0, 0]), np.array([0, 0])])
    assert played.rewards.tolist() == [[0.0, -0.005]] * 2
    assert played.truth.tolist() == [[0.0, -0.01]] * 2
    assert world.described()[0] == "Halved"


def test_a_saved_state_goes_on_as_the_original(nim):
    world, other = seat_world(nim()), seat_world(nim())
    world.reset(3)
    world.step([np.array([0, 1]), np.array([0, 0])])
    other.reset(4)
    other.set_state(world.get_state())
    actions = [np.array([0, 0]), np.array([1, 0])]
    assert str(world.step(actions)) == str(other.step(actions))


def test_rows_that_stand_still_are_refused(nim):
    with pytest.raises(ValueError, match="autoreset_mode='SameStep'"):
        seat_world(nim(autoreset_mode="Disabled"))


def test_a_world_of_one_seat_is_refused_with_what_is_expected():
    with pytest.raises(TypeError, match="whose seats all learn, got"):
        seat_world(gym.make_vec("plaudit/TokenBandit-v0", 2))
    assert isinstance(seat_world(JointVectorEnv("plaudit/PreferenceGame-v0", 2)), JointRows)
