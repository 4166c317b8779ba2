import pytest
import torch

from plaudit.agents.advantages.leave_one_out import leave_one_out


def test_one_group_by_hand() -> None:
    found = leave_one_out(torch.tensor([1.0, 2.0, 6.0]), torch.tensor([0, 0, 0]))
    # Means of the others: (2 + 6) / 2 = 4, (1 + 6) / 2 = 3.5, (1 + 2) / 2 = 1.5.
    assert found.tolist() == [-3.0, -1.5, 4.5]


def test_groups_of_different_sizes_may_be_interleaved() -> None:
    rewards, groups = torch.tensor([1.0, 10.0, 2.0, 30.0, 6.0]), torch.tensor([4, 9, 4, 9, 4])
    assert leave_one_out(rewards, groups).tolist() == [-3.0, -20.0, -1.5, 20.0, 4.5]


def test_equal_rewards_get_exactly_zero() -> None:
    assert leave_one_out(torch.full((3,), 0.1), torch.zeros(3, dtype=torch.int64)).tolist() == [
        0.0,
        0.0,
        0.0,
    ]


def test_a_group_of_one_raises_naming_row_and_group() -> None:
    with pytest.raises(ValueError, match=r"^groups: row 1 is alone in group 7"):
        leave_one_out(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0, 7, 0]))
