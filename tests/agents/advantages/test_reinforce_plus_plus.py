import pytest
import torch

from plaudit.agents.advantages.reinforce_plus_plus import reinforce_plus_plus

MASK = torch.tensor([[True, True], [True, False], [False, True], [False, False]])
REWARDS = torch.tensor([[0.0, 1.0], [3.0, 9.0], [9.0, 5.0], [9.0, 9.0]])
GROUPS = torch.tensor([0, 0, 1, 0])


def test_one_row_by_hand() -> None:
    found = reinforce_plus_plus(torch.tensor([[1.0, 2.0]]), torch.ones(1, 2, dtype=torch.bool))
    # Returns 3 and 2, mean 2.5, unbiased variance 0.5: 0.5 / sqrt(0.5) = 0.7071068.
    torch.testing.assert_close(found, torch.tensor([[0.7071068, -0.7071068]]))


def test_discounting_comes_before_normalising() -> None:
    rewards, mask = torch.tensor([[0.0, 2.0, 1.0]]), torch.ones(1, 3, dtype=torch.bool)
    # Returns 0.5 * 2.5 = 1.25, 2 + 0.5 = 2.5, 1; above the least 0.25, 1.5, 0, mean 7 / 12;
    # deviations -1 / 3, 11 / 12, -7 / 12; variance (16 + 121 + 49) / 144 / 2 = 0.6458333.
    expected = torch.tensor([[-1 / 3, 11 / 12, -7 / 12]]) / 0.6458333**0.5
    torch.testing.assert_close(reinforce_plus_plus(rewards, mask, gamma=0.5), expected)


def test_the_group_baseline_by_hand() -> None:
    found = reinforce_plus_plus(REWARDS, MASK, groups=GROUPS, baseline="group")
    # Scores 1 and 3 deviate by -1 and 1 from their mean, the lone 5 by 0; the failed row is not
    # there. Over the four positions -1, -1, 1, 0: mean -0.25, variance 2.75 / 3 = 0.9166667.
    expected = torch.tensor([[-0.75, -0.75], [1.25, 0.0], [0.0, 0.25], [0.0, 0.0]])
    torch.testing.assert_close(found, expected / 0.9166667**0.5)


def test_equal_returns_get_exactly_zero_although_their_mean_is_rounded() -> None:
    # The float32 mean of seven times 0.1 is not 0.1.
    rewards, mask = torch.full((7, 1), 0.1), torch.ones(7, 1, dtype=torch.bool)
    assert reinforce_plus_plus(rewards, mask).tolist() == [[0.0]] * 7
    assert reinforce_plus_plus(rewards[:1], mask[:1]).tolist() == [[0.0]]


def test_the_scale_and_offset_of_scores_at_the_end_do_not_matter() -> None:
    scores = torch.tensor([[0.5], [2.0], [-1.0]])
    mask = torch.ones(3, 1, dtype=torch.bool)
    found = reinforce_plus_plus(7 * scores + 3, mask)
    torch.testing.assert_close(found, reinforce_plus_plus(scores, mask))


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="baseline must be one of none, group: 'mean'"):
        reinforce_plus_plus(REWARDS, MASK, baseline="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="baseline='group' needs groups"):
        reinforce_plus_plus(REWARDS, MASK, baseline="group")
    with pytest.raises(ValueError, match=r"gamma must be 1, got 0\.9"):
        reinforce_plus_plus(REWARDS, MASK, groups=GROUPS, baseline="group", gamma=0.9)
