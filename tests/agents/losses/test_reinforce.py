import pytest
import torch

from plaudit.agents.losses.ppo import ppo
from plaudit.agents.losses.reinforce import reinforce

RAGGED = torch.tensor([[True, True], [True, False]])
ADVANTAGE = torch.tensor([[2.0, -1.0], [4.0, 9.0]])


def gradient(**settings: str) -> list[list[float]]:
    logp = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]], requires_grad=True)
    reinforce(logp, ADVANTAGE, RAGGED, **settings)[0].backward()
    assert logp.grad is not None
    return logp.grad.tolist()


def test_loss_and_gradient_by_hand() -> None:
    logp = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    loss, stats = reinforce(logp, ADVANTAGE, RAGGED)
    # -(2 * -1 + -1 * -2 + 4 * -3) / 2 rows = 12 / 2.
    assert loss.item() == 6.0
    assert stats["logp"] == -2.0  # (-1 - 2 - 3) / 3
    assert gradient() == [[-1.0, 0.5], [-2.0, 0.0]]  # -A / 2 rows


def test_the_token_mean_is_a2c() -> None:
    assert gradient(aggregation="token_mean") == [
        [pytest.approx(-2 / 3), pytest.approx(1 / 3)],
        [pytest.approx(-4 / 3), 0.0],
    ]


def test_on_fresh_samples_ppo_has_the_same_gradient() -> None:
    logp = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]], requires_grad=True)
    ppo(logp, logp, ADVANTAGE, RAGGED)[0].backward()
    assert logp.grad is not None
    assert logp.grad.tolist() == gradient(aggregation="token_mean")


def test_the_expected_gradient_is_that_of_the_expected_reward() -> None:
    logits = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
    rewards = torch.tensor([[1.0], [0.0], [3.0]], dtype=torch.float64)
    logp = logits.log_softmax(dim=0)
    # One row per token, weighted by how often it is sampled: 3 rows, so times 3.
    mask, weights = torch.ones(3, 1, dtype=torch.bool), 3 * logp.detach().exp()
    loss, _ = reinforce(logp.unsqueeze(1), rewards, mask, weights=weights)
    (found,) = torch.autograd.grad(loss, logits)
    (exact,) = torch.autograd.grad(-(logits.softmax(dim=0) * rewards[:, 0]).sum(), logits)
    torch.testing.assert_close(found, exact)
