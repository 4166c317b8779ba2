import math

import pytest
import torch

from plaudit.agents.losses.rloo import rloo


def test_the_ratio_is_that_of_the_whole_answer() -> None:
    logp = torch.tensor([[math.log(1.5), math.log(1.5)], [0.0, 0.0]], requires_grad=True)
    mask = torch.ones(2, 2, dtype=torch.bool)
    loss, stats = rloo(logp, torch.zeros(2, 2), torch.tensor([1.0, -1.0]), mask)
    loss.backward()
    # Ratios 1.5 * 1.5 = 2.25 and 1: -(min(2.25, 1.2) - 1) / 2 = -0.1.
    assert loss.item() == pytest.approx(-0.1)
    assert logp.grad is not None
    assert logp.grad.tolist() == [[0.0, 0.0], [0.5, 0.5]]
    assert stats["clip_fraction"] == 0.5
    assert stats["ratio_mean"].item() == pytest.approx(1.625)  # (2.25 + 1) / 2


def test_on_fresh_samples_every_token_gets_the_gradient_of_reinforce() -> None:
    logp = torch.tensor([[-1.0, -2.0, -3.0], [-1.0, -1.0, -1.0]], requires_grad=True)
    mask = torch.tensor([[True, True, True], [True, False, False]])
    rloo(logp, logp, torch.tensor([2.0, -4.0]), mask)[0].backward()
    assert logp.grad is not None
    # -A / 2 answers, however long the answer is.
    assert logp.grad.tolist() == [[-1.0, -1.0, -1.0], [2.0, 0.0, 0.0]]


def test_an_answer_without_a_token_is_left_out_and_counted() -> None:
    zeros, mask = torch.zeros(2, 1), torch.tensor([[True], [False]])
    loss, stats = rloo(zeros, zeros, torch.tensor([3.0, float("nan")]), mask)
    assert loss.item() == -3.0  # -3 / 1 answer
    assert stats["empty_rows"] == 1


def test_a_clip_out_of_range_raises() -> None:
    zeros, mask = torch.zeros(1, 1), torch.ones(1, 1, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"clip must lie in \(0, 1\], got -0.2"):
        rloo(zeros, zeros, torch.zeros(1), mask, clip=-0.2)


def test_an_answer_is_weighted_by_the_mean_of_its_tokens() -> None:
    zeros, mask = torch.zeros(2, 2), torch.tensor([[True, True], [True, False]])
    weights = torch.tensor([[1.0, 0.0], [3.0, float("nan")]])
    loss, _ = rloo(zeros, zeros, torch.tensor([2.0, 1.0]), mask, weights=weights)
    assert loss.item() == -2.0  # -(0.5 * 2 + 3 * 1) / 2
    assert rloo(zeros, zeros, torch.tensor([2.0, 1.0]), mask)[0].item() == -1.5
