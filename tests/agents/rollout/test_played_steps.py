"""Played steps: one episode per row, true rewards, nothing behind the end."""

import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.rollout.played_steps import played_steps
from plaudit.envs.vector import LoopVectorEnv


class Count(gym.Env):
    """Ends after as many steps as its seed says; pays 1, then 2, then 3 ..."""

    observation_space = gym.spaces.Box(0, 100, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        self.steps, self.length = 0, self.__dict__.get("length", 1) if seed is None else seed
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        told = {"true_reward": 10.0 * self.steps} if action else {}
        over = self.steps == self.length
        return np.full(1, self.steps, np.float32), float(self.steps), over, False, told


def test_rows_end_where_their_first_episode_does():
    # Row 0 has 2 steps that pay 1 + 2, row 1 has 3 that pay 1 + 2 + 3; row 0 then begins anew.
    played = played_steps(lambda obs: np.zeros(2, int), LoopVectorEnv([Count] * 2), [2, 3])
    assert played.returns.tolist() == [3.0, 6.0]
    assert played.mask.tolist() == [[True, True, False], [True, True, True]]
    assert played.obs.shape == (2, 3, 1)
    assert played.obs[1, :, 0].tolist() == [0.0, 1.0, 2.0]
    assert played.actions.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_where_something_else_is_paid_the_truth_counts():
    # 10 + 20 where the action is 1
    played = played_steps(lambda obs: np.ones(1, int), LoopVectorEnv([Count]), [2])
    assert played.returns.tolist() == [30.0]


def test_worlds_of_fixed_horizon_give_whole_rectangles():
    env = gym.make_vec("plaudit/PointReach-v0", 3, horizon=7)
    played = played_steps(lambda obs: np.zeros((3, 2), np.float32), env, 5)
    assert played.mask.all()
    # Nobody moves: 7 times the same distance.
    far = np.hypot(*(played.obs[:, 0, :2] - played.obs[:, 0, 2:4]).T)
    np.testing.assert_allclose(played.returns, -7 * far, rtol=1e-5)


def test_observations_that_are_no_array_are_refused():
    env = LoopVectorEnv([lambda: gym.make("Blackjack-v1")])
    with pytest.raises(TypeError, match="observations in one array, got tuple"):
        played_steps(lambda obs: np.zeros(1, int), env, 0)
