import math

import pytest
import torch

from plaudit.agents.losses.sapo import sapo

ONE = torch.ones(1, 1, dtype=torch.bool)


def at(ratio: float, advantage: float, **settings: float) -> tuple[float, float]:
    """Loss and gradient of one token."""
    logp = torch.tensor([[math.log(ratio)]], dtype=torch.float64, requires_grad=True)
    old = torch.zeros(1, 1, dtype=torch.float64)
    each = torch.tensor([advantage], dtype=torch.float64)
    loss, _ = sapo(logp, old, each, ONE, **settings)
    loss.backward()
    assert logp.grad is not None
    return loss.item(), logp.grad.item()


def test_on_fresh_samples_the_gradient_is_that_of_reinforce() -> None:
    assert at(1.0, 3.0) == (pytest.approx(-6.0), pytest.approx(-3.0))  # -4 * 1/2 * 3, -4 * 1/4 * 3
    assert at(1.0, -3.0)[1] == pytest.approx(3.0)


def test_the_gate_by_hand() -> None:
    # tau 2, r = 2: sigmoid(2) = 0.880797; loss -4 / 2 * 0.880797; slope in r -4 * 0.104994, and in
    # logp twice that.
    loss, slope = at(2.0, 1.0, tau=2.0)
    assert loss == pytest.approx(-1.761594, abs=1e-6)
    assert slope == pytest.approx(-0.839949, abs=1e-6)


def test_far_from_1_a_token_fades_out_and_sooner_where_its_advantage_is_negative() -> None:
    good, bad = at(3.0, 1.0, tau_negative=2.0)[1], at(3.0, -1.0, tau_negative=2.0)[1]
    assert 0 < bad < -good < 3.0  # 3 is what it would be without the gate


def test_a_steepness_of_zero_raises() -> None:
    with pytest.raises(ValueError, match=r"finite and above 0, got 1.0 and 0"):
        at(1.0, 1.0, tau_negative=0)
