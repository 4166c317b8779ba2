import gymnasium as gym
import numpy as np
import pytest
import torch

import plaudit
from plaudit.agents.policies.linear_softmax import LinearSoftmax

SPACES = (gym.spaces.MultiDiscrete([3, 4]), gym.spaces.Discrete(2))


def test_it_begins_uniform_with_values_of_0():
    policy = LinearSoftmax(*SPACES)
    obs = np.array([[0, 0], [2, 3]])
    assert policy.probs(obs).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert policy.values(obs).tolist() == [0.0, 0.0]


def test_the_weights_of_the_features_that_are_on_are_added_up():
    policy = LinearSoftmax(*SPACES, features="one_hot")
    with torch.no_grad():
        policy.logits[1, 1] = 1.0  # first number is 1
        policy.logits[3 + 2, 1] = 0.5  # second number is 2
    # odds exp(1.5) : 1, that is 1 / (1 + exp(-1.5)) = 0.817574
    assert policy.probs(np.array([[1, 2]]))[0, 1] == pytest.approx(0.817574, abs=1e-6)
    assert policy.probs(np.array([[1, 0]]))[0, 1] == pytest.approx(0.731059, abs=1e-6)


def test_a_table_changes_in_one_place_only():
    policy = LinearSoftmax(*SPACES)
    seen = policy.evaluate(np.array([[1, 2]]), np.array([1]))
    seen.logp.sum().backward()
    changed = policy.logits.grad.abs().sum(1).nonzero()[:, 0].tolist()
    assert changed == [1 * 4 + 2]
    assert policy.logits.grad[6].tolist() == [-0.5, 0.5]  # [chosen] - p


def test_plaudit_evaluates_it():
    world = {"instance": "regret_vs_partial_return"}
    env = gym.make("plaudit/Tabular-v0", **world)
    policy = LinearSoftmax(env.observation_space, env.action_space)
    with torch.no_grad():
        policy.logits[:, 1] = 50.0  # always to the right is best there
    result = plaudit.evaluate(policy, "plaudit/Tabular-v0", episodes=16, **world)
    assert result.normalised == pytest.approx(1.0, abs=0.3)  # the starts of 16 episodes vary


def test_continuous_actions_are_refused():
    with pytest.raises(TypeError, match="a softmax chooses among actions that can be counted"):
        LinearSoftmax(gym.spaces.Discrete(3), gym.spaces.Box(-1, 1))
