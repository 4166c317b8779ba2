"""A reset of some rows of Gymnasium's own vector form begins these rows anew and no others."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit.feedback.wrappers import (
    VectorAdvice,
    VectorConstraint,
    VectorLanguageFeedback,
    VectorRecordSegments,
    VectorReferenceLogProb,
)

MASK = np.array([True, False, False])


def vector():
    makers = [lambda: gym.make("CartPole-v1")] * 3
    return SyncVectorEnv(makers, autoreset_mode=AutoresetMode.DISABLED)


def stepped(env):
    env.reset(seed=[0, 1, 2])
    for _ in range(4):
        env.step(np.zeros(3, int))
    return env.reset(options={"reset_mask": MASK.copy()})


def test_a_cost_goes_on_where_the_episode_does():
    cost = {"function": f"{__name__}:one"}
    env = VectorConstraint(vector(), cost, limit=100.0)
    stepped(env)
    _, _, _, _, info = env.step(np.zeros(3, int))
    # 1 of the first row's new episode; 5 of the others'
    assert info["cost_left"].tolist() == [99.0, 95.0, 95.0]


def test_the_instruction_is_told_to_new_episodes_only():
    env = VectorLanguageFeedback(vector(), "coin_flip", instruction="Stay upright.")
    _, info = stepped(env)
    assert info["_instruction"].tolist() == MASK.tolist()


def test_advice_is_given_to_new_episodes_only():
    env = VectorAdvice(vector(), "coin_flip", budget=100)
    _, info = stepped(env)
    # 3 at the start, 3 after each of 4 steps, and 1 now
    assert info["advice_left"].tolist() == [84] * 3


def test_rows_that_play_on_are_paid_on():
    env = VectorReferenceLogProb(vector(), "uniform", beta=1.0)
    stepped(env)
    _, reward, _, _, _ = env.step(np.zeros(3, int))
    np.testing.assert_allclose(reward, 1.0 + np.log(0.5), rtol=1e-6)


def test_only_the_segment_of_a_new_episode_ends():
    env = VectorRecordSegments(vector())
    stepped(env)
    assert env.segments.total == 1
    assert len(env.segments.segment(0)) == 4


def one(obs, actions, following):
    """A cost of 1 per step."""
    return np.ones(len(actions))
