import math

import pytest
import torch

from plaudit.agents.losses.cispo import cispo
from plaudit.agents.losses.ppo import ppo

ROW = torch.ones(1, 2, dtype=torch.bool)


def test_a_cut_weight_still_leaves_a_gradient() -> None:
    logp = torch.tensor([[math.log(4.0), math.log(0.5)]], requires_grad=True)
    loss, stats = cispo(logp, torch.zeros(1, 2), torch.tensor([3.0]), ROW, clip_high=1.0)
    loss.backward()
    # Weights min(4, 2) = 2 and 0.5: -3 (2 ln 4 + 0.5 ln 0.5) / 2 tokens.
    assert loss.item() == pytest.approx(-3 * (2 * math.log(4) + 0.5 * math.log(0.5)) / 2)
    assert logp.grad is not None
    assert logp.grad.tolist() == [[-3.0, pytest.approx(-0.75)]]  # -3 * weight / 2
    assert stats["cut_fraction"] == 0.5


def test_where_nothing_is_cut_the_gradient_is_that_of_unclipped_ppo() -> None:
    advantage = torch.tensor([[2.0, 2.0]])
    mine, its = torch.tensor([[[0.3, -0.4]], [[0.3, -0.4]]]).requires_grad_().unbind()
    found = torch.autograd.grad(cispo(mine, torch.zeros(1, 2), advantage[:, 0], ROW)[0], mine)
    unclipped, _ = ppo(its, torch.zeros(1, 2), advantage, ROW, clip=1.0, clip_high=99.0)
    torch.testing.assert_close(found, torch.autograd.grad(unclipped, its))


def test_weights_multiply_the_importance_weight() -> None:
    logp = torch.zeros(1, 2, requires_grad=True)
    cispo(logp, logp, torch.tensor([1.0]), ROW, weights=torch.tensor([[0.5, 2.0]]))[0].backward()
    assert logp.grad is not None
    assert logp.grad.tolist() == [[-0.25, -1.0]]


@pytest.mark.parametrize("bound", [0.0, float("inf")])
def test_a_bound_out_of_range_raises(bound: float) -> None:
    logp = torch.zeros(1, 2)
    with pytest.raises(ValueError, match="clip_high must be finite and above 0, got"):
        cispo(logp, logp, torch.zeros(1), ROW, clip_high=bound)
