import torch

from plaudit.agents.advantages.potential_based import potential_based
from plaudit.agents.advantages.redistribute import redistribute
from plaudit.agents.advantages.returns_to_go import returns_to_go


def test_one_row_by_hand() -> None:
    mask = torch.tensor([[True, False, True, True]])
    rewards = torch.tensor([[0.0, 9.0, 0.0, 1.0]])
    potentials = torch.tensor([[0.5, 9.0, 0.25, 1.0]])
    # 0 + 0.5 * 0.25 - 0.5; 0 + 0.5 * 1 - 0.25; 1 + 0 - 1.
    expected = [[-0.375, 0.0, 0.25, 0.0]]
    assert potential_based(rewards, potentials, mask, gamma=0.5).tolist() == expected


def test_returns_fall_by_the_potential_of_where_they_start_and_by_nothing_else() -> None:
    rng = torch.Generator().manual_seed(0)
    rewards, potentials = torch.randn(2, 4, 9, generator=rng)
    mask = torch.rand(4, 9, generator=rng) < 0.7
    shaped = potential_based(rewards, potentials, mask, gamma=0.9)
    fall = returns_to_go(rewards, mask, gamma=0.9) - returns_to_go(shaped, mask, gamma=0.9)
    torch.testing.assert_close(fall, torch.where(mask, potentials, 0.0), atol=1e-5, rtol=0)


def test_redistribution_is_shaping_by_the_score_times_the_weights_so_far() -> None:
    rng = torch.Generator().manual_seed(0)
    mask = torch.rand(4, 9, generator=rng) < 0.7
    weights = torch.where(mask, torch.rand(4, 9, generator=rng), 0.0)
    scores = torch.randn(4, generator=rng)
    so_far = (weights.cumsum(dim=1) - weights) / weights.sum(dim=1, keepdim=True)
    at_the_end = redistribute(scores, weights, mask, keep=1.0)
    found = potential_based(at_the_end, scores.unsqueeze(1) * so_far, mask)
    torch.testing.assert_close(found, redistribute(scores, weights, mask), atol=1e-6, rtol=0)
