import math

import pytest
import torch

from plaudit.agents.rollout.figures import figures
from plaudit.agents.types import Rollout, TokenBatch


def rollout(true_scores=None):
    mask = torch.tensor([[True, True], [True, False], [False, False]])
    batch = TokenBatch(
        torch.zeros(3, 1, dtype=torch.int64),
        torch.ones(3, 1, dtype=torch.bool),
        torch.zeros(3, 2, dtype=torch.int64),
        mask,
        torch.tensor([[-1.0, -2.0], [-3.0, 0.0], [0.0, 0.0]]),
        ("length", "ended", "failed"),
    )
    rewards = torch.tensor([[1.0, 2.0], [1.0, 0.0], [9.0, 9.0]])
    groups = torch.arange(3)
    return Rollout(batch, rewards, groups, groups, valid=0.5, true_scores=true_scores)


def test_rows_that_failed_count_for_nothing_but_their_share():
    told = figures(rollout(torch.tensor([4.0, 2.0, 100.0])), rollout().batch.logp)
    # scores 3 and 1: mean 2, deviation sqrt(2); -log pi 1, 2, 3: mean 2; log-ratios -3 and -3
    assert told == {
        "tokens": 3,
        "reward": 2,
        "reward_std": pytest.approx(math.sqrt(2)),
        "kl": -3,
        "entropy": 2,
        "length": 1.5,
        "ended": pytest.approx(1 / 3),
        "failed": pytest.approx(1 / 3),
        "valid": 0.5,
        "true_reward": 3,
    }


def test_a_hidden_truth_is_left_out():
    assert "true_reward" not in figures(rollout(), rollout().batch.logp)
