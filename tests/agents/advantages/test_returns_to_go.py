import pytest
import torch

from plaudit.agents.advantages.returns_to_go import returns_to_go

REWARDS = torch.tensor([[1.0, 2.0, 4.0]])
ALL = torch.ones(1, 3, dtype=torch.bool)
GAP = torch.tensor([[True, False, True]])


def test_one_row_by_hand() -> None:
    # 4; 2 + 0.5 * 4 = 4; 1 + 0.5 * 4 = 3.
    assert returns_to_go(REWARDS, ALL, gamma=0.5).tolist() == [[3.0, 4.0, 4.0]]


def test_positions_not_chosen_neither_pay_nor_discount() -> None:
    assert returns_to_go(REWARDS, GAP, gamma=0.5).tolist() == [[3.0, 0.0, 4.0]]  # 1 + 0.5 * 4


def test_nothing_flows_over_an_end_chosen_or_not() -> None:
    ends = torch.tensor([[False, True, False]])
    assert returns_to_go(REWARDS, ALL, ends=ends).tolist() == [[3.0, 2.0, 4.0]]
    assert returns_to_go(REWARDS, GAP, ends=ends).tolist() == [[1.0, 0.0, 4.0]]


def test_with_gamma_zero_a_position_gets_its_own_reward() -> None:
    assert torch.equal(returns_to_go(REWARDS, ALL, gamma=0.0), REWARDS)


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got 1.5"):
        returns_to_go(REWARDS, ALL, gamma=1.5)
    with pytest.raises(TypeError, match=r"ends: expected torch\.bool, got torch\.int64"):
        returns_to_go(REWARDS, ALL, ends=ALL.long())
