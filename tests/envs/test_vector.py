import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit.envs.vector import LoopVectorEnv, masked

MODES = [mode.value for mode in AutoresetMode]


class Countdown(gym.Env):
    """Ends after as many steps as its seed says; the observation counts down."""

    observation_space = gym.spaces.Box(0, 9, (1,), np.int64)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 2 if seed is None else seed
        return np.array([self.left]), {"left": self.left}

    def step(self, action):
        self.left -= 1
        return np.array([self.left]), float(action), self.left == 0, False, {"left": self.left}

    def get_state(self):
        return {"left": self.left}

    def set_state(self, state):
        self.left = state["left"]


def countdown(mode):
    return LoopVectorEnv([Countdown] * 2, mode)


def test_same_step_shows_the_next_episode_and_keeps_the_final_observation():
    venv = countdown("SameStep")
    assert venv.reset(seed=[1, 3])[0].tolist() == [[1], [3]]
    obs, reward, terminated, truncated, info = venv.step([1, 0])
    assert obs.tolist() == [[2], [2]]  # row 0 began anew, without a seed: 2 steps
    assert reward.tolist() == [1.0, 0.0]
    assert terminated.tolist() == [True, False]
    assert truncated.tolist() == [False, False]
    assert info["final_obs"][0].tolist() == [0]
    assert info["final_obs"][1] is None
    assert info["_final_obs"].tolist() == [True, False]
    assert info["final_info"]["left"].tolist() == [0, 0]
    assert info["final_info"]["_left"].tolist() == [True, False]
    assert info["left"].tolist() == [2, 2]


def test_next_step_resets_one_step_later_and_ignores_that_action():
    venv = countdown("NextStep")
    venv.reset(seed=[1, 3])
    assert venv.step([1, 1])[0].tolist() == [[0], [2]]
    obs, reward, terminated, _, info = venv.step([1, 1])
    assert obs.tolist() == [[2], [1]]
    assert reward.tolist() == [0.0, 1.0]
    assert terminated.tolist() == [False, False]
    assert info["left"].tolist() == [2, 1]


def test_disabled_freezes_a_finished_row_until_it_is_reset():
    venv = countdown("Disabled")
    venv.reset(seed=[1, 3])
    venv.step([1, 1])
    obs, reward, terminated, _, info = venv.step([1, 1])
    assert obs.tolist() == [[0], [1]]
    assert reward.tolist() == [0.0, 1.0]
    assert terminated.tolist() == [True, False]
    assert info["_left"].tolist() == [False, True]
    obs, info = venv.reset(seed=[4, 9], options={"reset_mask": np.array([True, False])})
    assert obs.tolist() == [[4], [1]]
    assert info["_left"].tolist() == [True, False]
    assert venv.step([0, 0])[2].tolist() == [False, True]


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_the_loop_equals_gymnasiums_on_foreign_worlds(env_id, mode):
    makers = [lambda: gym.make(env_id, max_episode_steps=30)] * 3
    ours, theirs = LoopVectorEnv(makers, mode), SyncVectorEnv(makers, autoreset_mode=mode)
    np.testing.assert_array_equal(ours.reset(seed=1)[0], theirs.reset(seed=1)[0])
    ours.action_space.seed(0)
    for _ in range(70):
        actions = ours.action_space.sample()
        first, second = ours.step(actions), theirs.step(actions)
        for a, b in zip(first[:4], second[:4], strict=True):
            np.testing.assert_array_equal(a, b)
        assert ("final_obs" in first[4]) == ("final_obs" in second[4])
        for i in np.flatnonzero(first[4].get("_final_obs", [])):
            np.testing.assert_array_equal(first[4]["final_obs"][i], second[4]["final_obs"][i])


@pytest.mark.parametrize("mode", MODES)
def test_a_fresh_loop_goes_on_from_a_saved_state(mode):
    venv, fresh = countdown(mode), countdown(mode)
    venv.reset(seed=[1, 3])
    venv.step([0, 0])
    state = venv.get_state()
    theirs = [venv.step([1, 1])[:3] for _ in range(3)]
    fresh.set_state(state)
    for step in theirs:
        for a, b in zip(fresh.step([1, 1])[:3], step, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_state_of_other_rows_is_refused():
    venv, wide = countdown("SameStep"), LoopVectorEnv([Countdown] * 3)
    venv.reset(seed=[1, 2])
    with pytest.raises(ValueError, match="the state has 2 rows, this form has 3"):
        wide.set_state(venv.get_state())


def test_a_vector_knows_its_mode_and_size():
    assert countdown("NextStep").metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    with pytest.raises(ValueError, match="num_envs must be at least 1, got no makers"):
        LoopVectorEnv([])
    with pytest.raises(ValueError, match="nextstep"):
        countdown("nextstep")


def test_stepping_before_the_first_reset_is_an_error():
    with pytest.raises(RuntimeError, match="before the first reset"):
        countdown("SameStep").step([0, 0])


def test_masks_go_with_every_key_and_into_nested_ones():
    rows = np.array([True, False])
    info = masked({"a": 1, "b": {"c": 2}}, rows)
    assert info["a"] == 1
    assert info["b"]["c"] == 2
    for mask in (info["_a"], info["_b"], info["b"]["_c"]):
        assert mask.tolist() == [True, False]
        assert mask is not rows
