import math

import pytest
import torch

from plaudit.agents.losses.kl_penalty import kl_penalty

# A policy over three tokens, and its reference.
POLICY = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
REFERENCE = torch.tensor([0.25, 0.25, 0.5], dtype=torch.float64)
ONE = torch.ones(1, 1, dtype=torch.bool)


def expected_gradient(estimator: str) -> torch.Tensor:
    """Gradient in the logits, averaged over every token by its probability: a row per token."""
    logits = POLICY.log().requires_grad_()
    logp = logits.log_softmax(dim=0)
    each = [
        kl_penalty(token, ref_logp, ONE, estimator=estimator)[0]
        for token, ref_logp in zip(logp.view(3, 1, 1), REFERENCE.log().view(3, 1, 1), strict=True)
    ]
    return torch.autograd.grad((POLICY * torch.stack(each)).sum(), logits)[0]


def exact_gradient(first: torch.Tensor, second: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad((first * (first / second).log()).sum(), logits)[0]


def test_the_expected_gradient_of_k1_is_zero() -> None:
    assert expected_gradient("k1").abs().max() < 1e-15


def test_the_expected_gradient_of_k2_is_that_of_the_kl() -> None:
    logits = POLICY.log().requires_grad_()
    exact = exact_gradient(logits.softmax(dim=0), REFERENCE, logits)
    torch.testing.assert_close(expected_gradient("k2"), exact)


def test_the_expected_gradient_of_k3_is_that_of_the_other_direction() -> None:
    logits = POLICY.log().requires_grad_()
    other = exact_gradient(REFERENCE, logits.softmax(dim=0), logits)
    torch.testing.assert_close(expected_gradient("k3"), other)
    # KL(ref, pi) has the gradient pi - ref = (1/4, 0, -1/4); that of KL(pi, ref) is
    # pi (log(pi / ref) - KL) = (3/8 ln 2, -1/16 ln 2, -5/16 ln 2) = (0.260, -0.043, -0.217).
    torch.testing.assert_close(other, torch.tensor([0.25, 0.0, -0.25], dtype=torch.float64))
    ln2 = math.log(2)
    assert expected_gradient("k2").tolist() == pytest.approx(
        [3 / 8 * ln2, -ln2 / 16, -5 / 16 * ln2]
    )


def test_the_value_by_hand_and_the_figure_is_always_k3() -> None:
    logp, ref_logp = torch.tensor([[math.log(0.5)]]), torch.tensor([[math.log(0.25)]])
    for name, value in (("k1", 0.693147), ("k2", 0.240227), ("k3", 0.193147)):
        loss, stats = kl_penalty(logp, ref_logp, ONE, estimator=name)
        assert loss.item() == pytest.approx(value, abs=1e-6)
        assert stats["kl"].item() == pytest.approx(0.193147, abs=1e-6)


def test_an_unknown_estimator_raises_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"unknown estimator 'k4'; did you mean 'k\d'.* k1, k2, k3"):
        kl_penalty(torch.zeros(1, 1), torch.zeros(1, 1), ONE, estimator="k4")
