import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit.agents.rollout.truth import Truth, is_hidden, true_rewards
from plaudit.envs.seats.vector import JointVectorEnv
from plaudit.feedback.wrappers import HideReward, VectorHideReward


class Doubled(gym.Wrapper):
    def step(self, action):
        obs, reward, *ended, info = self.env.step(action)
        return obs, 2 * reward, *ended, info | {"true_reward": reward}


def rows(wrap):
    mode = AutoresetMode.SAME_STEP
    make = [lambda: wrap(gym.make("CartPole-v1", max_episode_steps=3))] * 2
    return SyncVectorEnv(make, autoreset_mode=mode)


def test_the_truth_of_single_worlds_is_known_also_where_all_of_them_end_at_once():
    env = rows(Doubled)
    env.reset(seed=0)
    truth = Truth(env)
    for _ in range(3):
        _, paid, _, _, info = env.step(np.array([0, 1]))
        truth.add(paid, info, np.ones(2, np.bool_))
    assert "true_reward" not in info  # the rows have begun anew
    assert truth.scores.tolist() == [3.0, 3.0]


def test_without_another_word_what_is_paid_is_true():
    paid = np.array([1.0, 2.0])
    assert true_rewards({}, paid).tolist() == [1.0, 2.0]
    info = {"true_reward": np.array([5.0, 0.0]), "_true_reward": np.array([True, False])}
    assert true_rewards(info, paid).tolist() == [5.0, 2.0]


def test_who_hides_the_truth_is_found_around_the_rows_and_around_one():
    assert not is_hidden(JointVectorEnv("plaudit/Negotiation-v0", 2))
    assert is_hidden(VectorHideReward(JointVectorEnv("plaudit/Negotiation-v0", 2)))
    single = [lambda: HideReward(gym.make("plaudit/TokenNgram-v0"))]
    assert is_hidden(SyncVectorEnv(single))
