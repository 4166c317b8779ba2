import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.feedback_model import FeedbackModel

SPACES = (gym.spaces.Discrete(4), gym.spaces.Discrete(3, start=5))


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_before_anything_is_said_all_actions_are_tried_alike(hidden):
    policy = FeedbackModel(*SPACES, hidden=hidden)
    np.testing.assert_allclose(policy.probs(np.arange(4)), 1 / 3)
    assert {*policy.act(np.zeros(99, int)).action.tolist()} == {5, 6, 7}


def test_the_action_that_is_praised_most_is_taken():
    policy = FeedbackModel(*SPACES, hidden=())
    with torch.no_grad():
        policy.net.weight[2] = torch.tensor([-1.0, 0.2, 0.1])
    assert (policy.act(np.full(99, 2)).action == 6).all()
    assert policy.values(np.array([2]))[0] == pytest.approx(0.2)


def test_of_legal_actions_only():
    policy = FeedbackModel(*SPACES, hidden=())
    with torch.no_grad():
        policy.net.weight[2] = torch.tensor([-1.0, 0.2, 0.1])
    legal = np.tile([True, False, True], (9, 1))
    assert (policy.act(np.full(9, 2), legal).action == 7).all()


def test_the_temperature_is_in_units_of_feedback():
    policy = FeedbackModel(*SPACES, hidden=(), temperature=0.5)
    with torch.no_grad():
        policy.net.weight[0] = torch.tensor([0.5, 0.0, -np.inf])
        policy.net.weight[0, 2] = -100.0
    # odds exp(0.5 / 0.5) : 1
    assert policy.probs(np.array([0]))[0, 0] == pytest.approx(0.731059, abs=1e-6)


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_said_to_is_what_is_said_to_the_action_taken(hidden):
    policy = FeedbackModel(*SPACES, hidden=hidden)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(torch.arange(parameter.numel()).view(parameter.shape) * 0.1)
    numbers, actions = policy.read(np.array([1, 3])), policy.head.read(np.array([7, 5]))
    said = policy.said(numbers)
    assert torch.equal(policy.said_to(numbers, actions), torch.stack([said[0, 2], said[1, 0]]))


def test_actions_that_cannot_be_listed_are_refused():
    with pytest.raises(TypeError, match="expected Discrete actions, each with a feedback"):
        FeedbackModel(gym.spaces.Discrete(4), gym.spaces.Box(-1, 1))
    with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
        FeedbackModel(*SPACES, temperature=0.0)
