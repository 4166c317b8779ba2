import pytest
import torch

from plaudit.agents.advantages.greedy_baseline import greedy_baseline


def test_two_answers_by_hand() -> None:
    found = greedy_baseline(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 2.5]))
    assert found.tolist() == [-1.0, 0.5]


def test_a_policy_that_always_answers_greedily_learns_nothing() -> None:
    scores = torch.tensor([0.1, -7.0])
    assert greedy_baseline(scores, scores).tolist() == [0.0, 0.0]


def test_a_bad_score_is_named() -> None:
    with pytest.raises(ValueError, match="greedy_scores: row 1 is nan"):
        greedy_baseline(torch.zeros(2), torch.tensor([1.0, float("nan")]))
    with pytest.raises(ValueError, match="scores: expected at least one row"):
        greedy_baseline(torch.zeros(0), torch.zeros(0))
