import math

import pytest
import torch

from plaudit.agents.losses.soft_q import soft_q

# Two steps, two tokens, a row per path. The first token is paid (0, ln 2); the second (0, ln 3)
# after token 0, and nothing after token 1.
PATHS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
REWARDS = torch.tensor([[1.0, 1], [1, 3], [2, 1], [2, 1]], dtype=torch.float64).log()
ALL = torch.ones(4, 2, dtype=torch.bool)
# Soft optimum at temperature 1: V(after 0) = ln(1 + 3), V(after 1) = ln(1 + 1); so at the start
# Q = (0 + ln 4, ln 2 + ln 2), V = ln 8, and both tokens are as good.
OPTIMUM = torch.tensor([[4.0, 4], [1, 3], [1, 1]], dtype=torch.float64).log()


def of_paths(table: torch.Tensor) -> torch.Tensor:
    """Q-values (4, 2, 2) along the paths: state 0, then state 1 or 2 by the first token."""
    return torch.stack([table[0].expand(4, 2), table[1 + PATHS[:, 0]]], dim=1)


def error(table: torch.Tensor, **settings: object) -> torch.Tensor:
    logits = of_paths(table)
    return soft_q(logits, logits.detach(), PATHS, REWARDS, ALL, **settings)[0]


@pytest.mark.parametrize("consistency", ["single", "multi", "both"])
def test_at_the_soft_optimum_it_is_zero_and_nowhere_near(consistency: str) -> None:
    assert error(OPTIMUM, consistency=consistency).item() == pytest.approx(0.0, abs=1e-24)
    for state in range(3):
        for token in range(2):
            near = OPTIMUM.clone()
            near[state, token] += 0.1
            assert error(near, consistency=consistency).item() > 1e-4


def test_the_temperature_scales_the_optimum() -> None:
    logits = of_paths(2 * OPTIMUM)
    loss, _ = soft_q(logits, logits, PATHS, 2 * REWARDS, ALL, temperature=2.0)
    assert loss.item() == pytest.approx(0.0, abs=1e-24)


def test_descent_finds_the_soft_optimum() -> None:
    table = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.SGD([table], lr=0.5)
    for _ in range(400):
        descent.zero_grad()
        error(table).backward()
        descent.step()
    torch.testing.assert_close(table.detach(), OPTIMUM, rtol=0, atol=1e-6)


def test_without_its_own_half_the_level_of_the_values_is_never_learned() -> None:
    table = (OPTIMUM + torch.tensor([[0.5, -0.3], [0.2, 0.1], [0.4, 0.0]])).requires_grad_()
    for share, learned in ((0.0, False), (0.5, True)):
        (gradient,) = torch.autograd.grad(error(table, value_share=share), table)
        assert (gradient.sum(dim=1).abs().max() > 1e-3) == learned
        assert gradient.abs().max() > 1e-3


def test_one_token_by_hand() -> None:
    logits = torch.tensor([[[0.0, math.log(3.0)]]], requires_grad=True)
    token, one = torch.tensor([[1]]), torch.ones(1, 1, dtype=torch.bool)
    paid, target = torch.tensor([[2.0]]), torch.zeros(1, 1, 2)
    loss, stats = soft_q(logits, target, token, paid, one, value_share=0.0)
    loss.backward()
    # Residual r - log pi - V' = 2 - ln(3/4) - ln 2 = 1.594535; half its square; the slope in the
    # logits is -residual (1[a] - pi) = -1.594535 (-1/4, 1/4).
    assert loss.item() == pytest.approx(1.271271, abs=1e-6)
    assert stats["single_error"].item() == pytest.approx(2 * 1.271271, abs=1e-6)
    assert logits.grad is not None
    assert logits.grad[0, 0].tolist() == pytest.approx([0.398634, -0.398634], abs=1e-6)
    # The other half: 2 - ln(1/2) - ln 4 = 1.306853, squared over 2.
    loss, _ = soft_q(logits, target, token, paid, one, value_share=1.0)
    assert loss.item() == pytest.approx(0.853932, abs=1e-6)


def test_one_step_differs_from_many_where_a_later_step_is_wrong() -> None:
    wrong = OPTIMUM.clone()
    wrong[1] += torch.tensor([1.0, -1.0])
    logits = of_paths(wrong)
    _, stats = soft_q(logits, logits, PATHS, REWARDS, ALL)
    assert stats["multi_error"] != stats["single_error"]


def test_settings_out_of_range_raise() -> None:
    with pytest.raises(ValueError, match="consistency must be one of single, multi, both, got 'al"):
        error(OPTIMUM, consistency="all")
    with pytest.raises(ValueError, match=r"value_share must be in \[0, 1\], got 2"):
        error(OPTIMUM, value_share=2)
