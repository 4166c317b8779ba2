import math

import pytest
import torch

from plaudit.agents.policies.categorical_score import categorical_score


def test_numbers_worked_out_by_hand():
    logits = torch.log(torch.tensor([[1.0, 3.0]]))
    logp, entropy = categorical_score(logits, torch.tensor([[1]]))
    # p = 1/4, 3/4: ln 3/4 = -0.287682; entropy 1/4 ln 4 + 3/4 ln 4/3 = 0.346574 + 0.215762
    assert logp.item() == pytest.approx(-0.287682, abs=1e-6)
    assert entropy.item() == pytest.approx(0.562335, abs=1e-6)


def test_its_gradient_is_that_of_finite_differences():
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    action = torch.tensor([[0], [1], [2], [3], [0]])
    assert torch.autograd.gradcheck(categorical_score, (logits.requires_grad_(), action))


def test_what_is_illegal_gets_exactly_no_gradient_and_no_nan():
    logits = torch.tensor([[0.0, -math.inf, 1.0], [-math.inf, 2.0, -math.inf]], requires_grad=True)
    logp, entropy = categorical_score(logits, torch.tensor([[2], [1]]))
    (logp.sum() + 3 * entropy.sum()).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 1] == 0
    assert logits.grad[1].tolist() == [0, 0, 0]  # one choice is no choice
    assert entropy[1] == 0
