import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit.agents.rollout.legal import legal_reader


class Turnstile(gym.Env):
    """Says what is legal by a method only, as worlds for sb3-contrib do."""

    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, closed=0):
        self.closed = closed

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 1, 0.0, False, False, {}

    def action_masks(self):
        return np.arange(2) != self.closed


def test_info_says_what_is_legal():
    read = legal_reader(gym.make_vec("plaudit/WebForm-v0", 2), 3)
    told = {"action_mask": np.array([[1, 0, 1], [0, 0, 0]], np.int8)}
    assert read(told).tolist() == [[True, False, True], [False] * 3]
    # rows of which it says nothing may do anything
    told["_action_mask"] = np.array([True, False])
    assert read(told).tolist() == [[True, False, True], [True] * 3]


def test_of_our_worlds_silence_means_that_all_is_legal():
    assert legal_reader(gym.make_vec("plaudit/TokenNgram-v0", 2), 16)({}) is None


def test_foreign_worlds_are_asked():
    same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
    env = SyncVectorEnv([lambda: Turnstile(0), lambda: Turnstile(1)], **same_step)
    assert legal_reader(env, 2)({}).tolist() == [[False, True], [True, False]]
    plain = gym.make_vec("CartPole-v1", 2, vectorization_mode="sync", vector_kwargs=same_step)
    assert legal_reader(plain, 2)({}) is None


def test_actions_that_cannot_be_masked_are_not_asked_about():
    assert legal_reader(SyncVectorEnv([Turnstile]), 0)({"action_mask": np.zeros((1, 2))}) is None


@pytest.mark.parametrize("told", [np.ones((2, 3), bool), np.ones((2, 3), np.int8)])
def test_a_mask_may_be_bools_or_integers(told):
    read = legal_reader(gym.make_vec("plaudit/WebForm-v0", 2), 3)
    assert read({"action_mask": told}).dtype == np.bool_
