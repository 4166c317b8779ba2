import pytest
import torch

from plaudit.agents.advantages.group import group
from plaudit.agents.advantages.optimal_baseline import optimal_baseline

MASK = torch.arange(3) < torch.tensor([[1], [3], [2], [0]])
ONE = torch.zeros(4, dtype=torch.int64)


def test_longer_answers_weigh_more_in_the_baseline() -> None:
    found = optimal_baseline(torch.tensor([6.0, 0.0, 3.0, float("nan")]), MASK, ONE)
    # (1 * 6 + 3 * 0 + 2 * 3) / 6 = 2; the failed row's score is not read.
    assert found.tolist() == [4.0, -2.0, 1.0, 0.0]


def test_with_equal_lengths_it_is_the_group_mean() -> None:
    scores, groups = torch.tensor([1.0, 4.0, 2.0, 7.0]), torch.tensor([0, 1, 0, 1])
    found = optimal_baseline(scores, torch.ones(4, 3, dtype=torch.bool), groups)
    torch.testing.assert_close(found, group(scores, groups, std="none"))


def test_a_lone_row_and_equal_scores_get_exactly_zero() -> None:
    scores, groups = torch.tensor([0.1, 0.1, 5.0, 0.0]), torch.tensor([0, 0, 1, 1])
    assert optimal_baseline(scores, MASK, groups).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_bad_score_is_named() -> None:
    with pytest.raises(ValueError, match="scores: row 2 holds inf"):
        optimal_baseline(torch.tensor([1.0, 1.0, float("inf"), 1.0]), MASK, ONE)
