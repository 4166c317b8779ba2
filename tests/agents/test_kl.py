import math
from collections.abc import Callable

import pytest
import torch

from plaudit.agents import kl

# A policy over three tokens, and its reference. KL = 1/2 ln 2 + 0 - 1/4 ln 2 = 1/4 ln 2.
POLICY = torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64)
REFERENCE = torch.tensor([[0.25, 0.25, 0.5]], dtype=torch.float64)
KL = 0.25 * math.log(2)

Estimator = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def test_each_estimator_of_a_token_by_hand() -> None:
    logp, ref_logp = torch.tensor([[math.log(0.5)]]), torch.tensor([[math.log(0.25)]])
    # d = ln(0.25 / 0.5) = -0.693147: k1 = -d, k2 = d^2 / 2, k3 = 0.5 - 1 + 0.693147.
    assert kl.k1(logp, ref_logp).item() == pytest.approx(0.693147, abs=1e-6)
    assert kl.k2(logp, ref_logp).item() == pytest.approx(0.240227, abs=1e-6)
    assert kl.k3(logp, ref_logp).item() == pytest.approx(0.193147, abs=1e-6)


@pytest.mark.parametrize("estimator", [kl.k1, kl.k3])
def test_k1_and_k3_are_unbiased(estimator: Estimator) -> None:
    expectation = (POLICY * estimator(POLICY.log(), REFERENCE.log())).sum().item()
    assert expectation == pytest.approx(KL, abs=1e-12)


def test_the_gradient_of_k2_is_that_of_the_kl() -> None:
    logits = POLICY.log().requires_grad_()
    logp = logits.log_softmax(dim=1)
    # Tokens are sampled from the policy; its probabilities as weights carry no gradient.
    (sampled,) = torch.autograd.grad((POLICY * kl.k2(logp, REFERENCE.log())).sum(), logits)
    logp = logits.log_softmax(dim=1)
    (exact,) = torch.autograd.grad((logp.exp() * (logp - REFERENCE.log())).sum(), logits)
    torch.testing.assert_close(sampled, exact)


def test_k1_may_be_negative_and_k3_never_is() -> None:
    assert kl.k1(POLICY.log(), REFERENCE.log()).min() < 0
    assert kl.k3(POLICY.log(), REFERENCE.log()).min() >= 0


def test_k3_keeps_its_digits_where_the_policies_are_close() -> None:
    # d = 1e-4: d^2 / 2 = 5e-9, below the float32 rounding of exp(d) - 1 - d, which is 6e-8.
    close = kl.k3(torch.zeros(1, 1), torch.full((1, 1), 1e-4))
    assert close.item() == pytest.approx(5e-9, rel=1e-2)


def test_k3_is_cut_at_20_nats_and_stays_finite() -> None:
    far = kl.k3(torch.full((1, 1), -500.0), torch.zeros(1, 1))
    assert far.item() == pytest.approx(math.exp(20) - 21, rel=1e-6)


def test_another_shape_raises_naming_the_argument() -> None:
    with pytest.raises(ValueError, match=r"^ref_logp: axis T is 2, but 3 elsewhere"):
        kl.k3(torch.zeros(1, 3), torch.zeros(1, 2))


def test_every_estimator_has_its_name() -> None:
    assert {"k1": kl.k1, "k2": kl.k2, "k3": kl.k3} == kl.ESTIMATORS
