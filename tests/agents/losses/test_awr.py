import math

import pytest
import torch

from plaudit.agents.losses.awr import awr
from plaudit.agents.losses.nll import nll

ROW = torch.ones(1, 2, dtype=torch.bool)


def test_loss_and_gradient_by_hand() -> None:
    logp = torch.tensor([[-1.0, -2.0]], requires_grad=True)
    advantage = torch.tensor([[2 * math.log(3.0), 100.0]])
    loss, stats = awr(logp, advantage, ROW, temperature=2.0, max_weight=5.0)
    loss.backward()
    # Weights exp(2 ln 3 / 2) = 3 and min(exp(50), 5) = 5: (3 * 1 + 5 * 2) / 2.
    assert loss.item() == pytest.approx(6.5)
    assert logp.grad is not None
    assert logp.grad.tolist() == [[pytest.approx(-1.5), -2.5]]
    assert stats["weight_mean"].item() == pytest.approx(4.0)
    assert stats["cut_fraction"] == 0.5


def test_without_advantages_it_is_imitation() -> None:
    logp = torch.tensor([[-1.0, -2.0]])
    assert awr(logp, torch.zeros(1, 2), ROW)[0] == nll(logp, ROW)[0] == 1.5


def test_its_minimum_is_the_sampler_tilted_by_the_advantages() -> None:
    # Sampler (1/2, 1/4, 1/4), advantages (0, ln 2, ln 4) at temperature 1: odds 1/2 : 1/2 : 1, so
    # that the policy (1/4, 1/4, 1/2) has no gradient.
    sampler = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    logits = torch.tensor([0.25, 0.25, 0.5], dtype=torch.float64).log().requires_grad_()
    advantage = torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64).log()
    logp, mask = logits.log_softmax(dim=0).unsqueeze(1), torch.ones(3, 1, dtype=torch.bool)
    awr(logp, advantage, mask, weights=sampler)[0].backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-12


@pytest.mark.parametrize("name", ["temperature", "max_weight"])
def test_a_setting_of_zero_raises_naming_it(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be finite and above 0, got 0"):
        awr(torch.zeros(1, 2), torch.zeros(1, 2), ROW, **{name: 0.0})
