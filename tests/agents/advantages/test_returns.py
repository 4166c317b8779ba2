import pytest
import torch

from plaudit.agents.advantages.returns import returns_to_go

ALL = torch.ones(1, 3, dtype=torch.bool)


def test_a_row_by_hand() -> None:
    returns = returns_to_go(torch.tensor([[1.0, 2.0, 4.0]]), ALL, gamma=0.5)
    assert returns.tolist() == [[3.0, 4.0, 4.0]]  # 1 + 4 / 2, 2 + 4 / 2, 4


def test_masked_rewards_are_not_read_and_cost_no_discount() -> None:
    mask = torch.tensor([[True, False, True]])
    returns = returns_to_go(torch.tensor([[1.0, float("nan"), 4.0]]), mask, gamma=0.5)
    assert returns.tolist() == [[3.0, 0.0, 4.0]]  # 1 + 4 / 2, masked, 4


def test_a_discount_above_one_raises() -> None:
    with pytest.raises(ValueError, match=r"^gamma must lie in \[0, 1\], got 2"):
        returns_to_go(torch.zeros(1, 3), ALL, gamma=2)


def test_a_reward_that_is_not_finite_raises_naming_its_row() -> None:
    with pytest.raises(ValueError, match=r"^rewards: row 0 holds inf at position 1"):
        returns_to_go(torch.tensor([[0.0, float("inf"), 0.0]]), ALL)
