import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.central_critic import CentralCritic

SPACES = (gym.spaces.Discrete(3), gym.spaces.Box(-1, 1, (2,), np.float32))


def test_it_reads_what_all_seats_see_side_by_side():
    critic = CentralCritic(SPACES, 2, hidden=(4,))
    view = critic.read([np.array([2, 0]), np.array([[0.5, -0.5], [1.0, 0.0]], np.float32)])
    assert view.tolist() == [[0, 0, 1, 0.5, -0.5], [1, 0, 0, 1.0, 0.0]]
    assert critic(view).shape == (2, 2)


def test_words_are_vectors_that_its_loss_moves():
    windows = gym.spaces.Box(0, 5000, (3,), np.int64)
    critic = CentralCritic([windows, windows], 1, hidden=(4,))
    critic(critic.read([np.ones((2, 3), np.int64)] * 2)).sum().backward()
    assert critic.encoder.parts[1].table.grad[1].abs().sum() > 0
    assert torch.count_nonzero(critic.encoder.parts[1].table.grad[2]) == 0


def test_what_it_cannot_read_is_refused():
    with pytest.raises(TypeError, match="a policy reads numbers"):
        CentralCritic([gym.spaces.Text(5)], 1)
