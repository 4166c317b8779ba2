import pytest
import torch

from plaudit.agents.advantages.group import group


def test_one_group_by_hand() -> None:
    found = group(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5, 5, 5]))
    # Mean 2, unbiased std sqrt((1 + 0 + 1) / 2) = 1, plus 1e-4.
    torch.testing.assert_close(found, torch.tensor([-1.0, 0.0, 1.0]) / 1.0001)


def test_the_batch_std_divides_all_groups_alike() -> None:
    rewards, groups = torch.tensor([0.0, 2.0, 1.0, 3.0]), torch.tensor([0, 0, 1, 1])
    # Deviations from 1 and 2; the batch has mean 1.5 and variance 5 / 3, std 1.2909944.
    expected = torch.tensor([-1.0, 1.0, -1.0, 1.0]) / 1.2910944
    torch.testing.assert_close(group(rewards, groups, std="batch"), expected)


def test_without_std_the_unit_stays_that_of_the_reward_and_order_is_free() -> None:
    rewards, groups = torch.tensor([0.0, 10.0, 4.0, 30.0]), torch.tensor([8, 2, 8, 2])
    assert group(rewards, groups, std="none").tolist() == [-2.0, -10.0, 2.0, 10.0]


@pytest.mark.parametrize("std", ["group", "batch", "none"])
def test_a_group_of_one_has_nothing_to_compare_and_gets_zero(std: str) -> None:
    found = group(torch.tensor([1.0, 3.0, 7.0]), torch.tensor([0, 0, 1]), std=std)
    assert found[2] == 0
    assert found[1] == -found[0] > 0


def test_equal_rewards_get_exactly_zero_although_their_mean_is_rounded() -> None:
    # The float32 mean of seven times 0.1 is not 0.1; divided by 1e-4 that would be 7e-5.
    assert group(torch.full((7,), 0.1), torch.zeros(7, dtype=torch.int64)).tolist() == [0.0] * 7


def test_a_batch_of_one_row_gets_zero() -> None:
    assert group(torch.tensor([5.0]), torch.tensor([0]), std="batch").tolist() == [0.0]


def test_bad_arguments_raise() -> None:
    rewards, groups = torch.tensor([1.0, 2.0]), torch.tensor([0, 0])
    with pytest.raises(ValueError, match="std must be one of group, batch, none, got 'groups'"):
        group(rewards, groups, std="groups")
    with pytest.raises(TypeError, match=r"groups: expected torch\.int64, got torch\.float32"):
        group(rewards, groups.float())
    with pytest.raises(ValueError, match="scores: row 1 is nan"):
        group(torch.tensor([1.0, float("nan")]), groups)
    with pytest.raises(ValueError, match="at least one row"):
        group(rewards[:0], groups[:0])
