import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.epsilon_greedy import EpsilonGreedy

PLACES, THREE = gym.spaces.Discrete(2), gym.spaces.Discrete(3)


def policy(values=((0.0, 2.0, 1.0), (5.0, 5.0, 1.0)), **settings):
    made = EpsilonGreedy(PLACES, THREE, **settings)
    with torch.no_grad():
        made.weights.copy_(torch.tensor(values))
    return made


def test_the_best_is_done_but_for_a_share_drawn_from_all():
    # 0.3 / 3 = 0.1 for each, and 0.7 for the best, or 0.35 for each of two that are equal
    odds = policy(explore=0.3).probs(np.array([0, 1]))
    assert odds == pytest.approx(np.array([[0.1, 0.8, 0.1], [0.45, 0.45, 0.1]]))


def test_without_exploration_it_is_greedy_and_at_first_even():
    made = policy(explore=0.0)
    assert made.probs(np.array([0, 1])).tolist() == [[0, 1, 0], [0.5, 0.5, 0]]
    untaught = EpsilonGreedy(PLACES, THREE, explore=0.0)
    assert untaught.probs(np.array([0])) == pytest.approx(np.full((1, 3), 1 / 3))


def test_its_value_is_that_of_the_best_action():
    made = policy()
    assert made.values(np.array([0, 1])).tolist() == [2.0, 5.0]
    assert made.action_values(made.read(np.array([0]))).tolist() == [[0.0, 2.0, 1.0]]


def test_illegal_actions_are_refused():
    # never tried, they would keep the value 0, which is the best where rewards are below 0
    with pytest.raises(ValueError, match="knows no illegal actions, and the mask forbids some"):
        policy(explore=0.3).probs(np.array([0]), np.array([[1, 0, 1]]))
    assert policy(explore=0.3).probs(np.array([0]), np.ones((1, 3))).sum() == pytest.approx(1.0)


def test_numbers_and_actions_out_of_range_are_refused():
    with pytest.raises(ValueError, match="explore"):
        EpsilonGreedy(PLACES, THREE, explore=1.5)
    with pytest.raises(TypeError, match="expected Discrete actions, each with a value, got Box"):
        EpsilonGreedy(PLACES, gym.spaces.Box(0, 1, (2,)))
