import math

import pytest
import torch

from plaudit.agents.losses.ppo import ppo
from plaudit.agents.losses.truncated_importance import truncated_importance

# Ratios 4 and 0.5 in one answer, 1.5 in the other.
OLD = torch.tensor([[4.0, 0.5], [1.5, 1.0]]).log()
MASK = torch.tensor([[True, True], [True, False]])
SAMPLER = torch.tensor([[0.0, 0.0], [0.0, float("nan")]])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[2.0, 0.5], [1.5, 0.0]]),
        ({"low": 0.75}, [[2.0, 0.75], [1.5, 0.0]]),
        ({"mode": "mask"}, [[0.0, 0.5], [1.5, 0.0]]),
        ({"mode": "mask", "low": 0.75}, [[0.0, 0.0], [1.5, 0.0]]),
        ({"level": "sequence", "cap": 1.75}, [[1.75, 1.75], [1.5, 0.0]]),  # 4 * 0.5 = 2
        ({"level": "sequence", "mode": "mask", "cap": 1.75}, [[0.0, 0.0], [1.5, 0.0]]),
        ({"cap": float("inf")}, [[4.0, 0.5], [1.5, 0.0]]),
    ],
)
def test_each_form_by_hand(settings: dict[str, object], expected: list[list[float]]) -> None:
    weights, _ = truncated_importance(OLD, SAMPLER, MASK, **settings)
    torch.testing.assert_close(weights, torch.tensor(expected))


def test_the_figures_by_hand() -> None:
    _, stats = truncated_importance(OLD, SAMPLER, MASK)
    assert stats["cut_fraction"].item() == pytest.approx(1 / 3)
    assert stats["weight_mean"].item() == pytest.approx(4 / 3)  # (2 + 0.5 + 1.5) / 3
    # k3 = w - 1 - ln w: (4 + 0.5 + 1.5 - 3 - ln(4 * 0.5 * 1.5)) / 3
    assert stats["sampler_kl"].item() == pytest.approx((3 - math.log(3)) / 3)


def test_where_both_agree_all_weights_are_1() -> None:
    for level in ("token", "sequence"):
        weights, _ = truncated_importance(OLD, OLD, MASK, level=level)
        assert weights.tolist() == [[1.0, 1.0], [1.0, 0.0]]


def test_untruncated_they_undo_another_sampler() -> None:
    # Sampler (1/2, 1/2), trainer's policy (3/4, 1/4), rewards (3, 1): a row per token.
    policy = torch.tensor([[0.75], [0.25]]).log().requires_grad_()
    mask, sampler = torch.ones(2, 1, dtype=torch.bool), torch.tensor([[0.5], [0.5]]).log()
    weights, _ = truncated_importance(policy, sampler, mask)
    ppo(policy, policy, torch.tensor([[3.0], [1.0]]), mask, weights=weights)[0].backward()
    assert policy.grad is not None
    # -(3/4 * 3, 1/4 * 1): as if sampled from the trainer's policy itself.
    assert policy.grad.flatten().tolist() == pytest.approx([-2.25, -0.25])


def test_no_gradient_and_finite_far_away() -> None:
    far = torch.full((2, 2), 900.0, requires_grad=True)
    weights, _ = truncated_importance(far, torch.zeros(2, 2), MASK, cap=float("inf"))
    assert not weights.requires_grad
    assert weights[0, 0].item() == pytest.approx(math.exp(20), rel=1e-6)


def test_bad_input_raises() -> None:
    zeros = torch.zeros(2, 2)
    with pytest.raises(
        ValueError, match=r"one of token, sequence and mode .*, got 'row' and 'trunc"
    ):
        truncated_importance(zeros, zeros, MASK, level="row")
    with pytest.raises(
        ValueError, match=r"expected 0 <= low <= cap and cap above 0, got 3.0 and 2.0"
    ):
        truncated_importance(zeros, zeros, MASK, low=3.0)
    with pytest.raises(ValueError, match=r"^sampler_logp: row 0 holds nan at position 1"):
        truncated_importance(zeros, torch.tensor([[0.0, float("nan")], [0, 0]]), MASK)
    with pytest.raises(ValueError, match="mask: no position is selected"):
        truncated_importance(zeros, zeros, torch.zeros_like(MASK))
