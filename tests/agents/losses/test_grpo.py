import math

import pytest
import torch

from plaudit.agents.losses.grpo import grpo

ONE = torch.ones(1, 1, dtype=torch.bool)
RAGGED = torch.tensor([[True, True], [True, False]])


def gradient(aggregation: str, length: int | None = None) -> list[list[float]]:
    """Gradient on fresh samples with advantage 1 for an answer of two tokens and one of one."""
    logp = torch.zeros(2, 2, requires_grad=True)
    old, advantage = torch.zeros(2, 2), torch.ones(2)
    grpo(logp, old, advantage, RAGGED, aggregation=aggregation, length=length)[0].backward()
    assert logp.grad is not None
    return logp.grad.tolist()


def test_a_token_of_a_long_answer_weighs_less_in_grpo() -> None:
    assert gradient("sequence_mean") == [[-0.25, -0.25], [-0.5, 0.0]]  # -1 / (2 rows * tokens)


def test_every_token_weighs_the_same_in_dr_grpo_and_dapo() -> None:
    # -1 / (2 rows * 8 tokens) and -1 / 3 tokens.
    assert gradient("fixed_length_mean", 8) == [[-0.0625, -0.0625], [-0.0625, 0.0]]
    each = pytest.approx(-1 / 3)
    assert gradient("token_mean") == [[each, each], [each, 0.0]]


def test_the_kl_term_by_hand() -> None:
    logp = torch.tensor([[math.log(0.5)]], requires_grad=True)
    ref_logp = torch.tensor([[math.log(0.25)]])
    loss, stats = grpo(logp, logp, torch.zeros(1), ONE, ref_logp=ref_logp, beta=0.1)
    loss.backward()
    # k3 = 0.5 - 1 + ln 2 = 0.193147, its slope in logp 1 - 0.5 = 0.5.
    assert loss.item() == pytest.approx(0.0193147, abs=1e-7)
    assert logp.grad is not None
    assert logp.grad.item() == pytest.approx(0.05, abs=1e-7)
    assert stats["kl"].item() == pytest.approx(0.193147, abs=1e-6)


def test_the_unbiased_kl_has_the_gradient_of_the_kl() -> None:
    # Two tokens, pi = (0.3, 0.7), pi_ref = (0.6, 0.4), sampled once each from (0.5, 0.5).
    logit = torch.tensor(math.log(0.3 / 0.7), requires_grad=True)
    logp = torch.nn.functional.logsigmoid(torch.stack([logit, -logit])).unsqueeze(1)
    ref_logp, old_logp = torch.tensor([[0.6], [0.4]]).log(), torch.tensor([[0.5], [0.5]]).log()
    every = torch.ones(2, 1, dtype=torch.bool)
    settings = {"ref_logp": ref_logp, "beta": 1.0, "unbiased_kl": True}
    loss, _ = grpo(logp, old_logp, torch.zeros(2), every, **settings)
    loss.backward()
    # KL = 0.3 ln(0.3 / 0.6) + 0.7 ln(0.7 / 0.4) = -0.207944 + 0.391731 = 0.183787
    assert loss.item() == pytest.approx(0.183787, abs=1e-6)
    # Its slope in the logit: 0.3 * 0.7 * (ln(0.3 / 0.6) - ln(0.7 / 0.4)) = 0.21 * -1.252763
    assert logit.grad is not None
    assert logit.grad.item() == pytest.approx(-0.263080, abs=1e-6)


def test_a_reference_with_beta_zero_is_only_reported() -> None:
    logp, ref_logp = torch.zeros(1, 1), torch.full((1, 1), -1.0)
    loss, stats = grpo(logp, logp, torch.zeros(1), ONE, ref_logp=ref_logp)
    assert loss == 0
    assert stats["kl"].item() == pytest.approx(math.exp(-1), abs=1e-6)  # e^-1 - 1 + 1
    assert "kl" not in grpo(logp, logp, torch.zeros(1), ONE)[1]


def test_beta_without_a_reference_or_below_zero_raises() -> None:
    logp = torch.zeros(1, 1)
    with pytest.raises(ValueError, match=r"beta=0.1 needs ref_logp"):
        grpo(logp, logp, torch.zeros(1), ONE, beta=0.1)
    with pytest.raises(ValueError, match=r"beta must be finite and at least 0, got -0.1"):
        grpo(logp, logp, torch.zeros(1), ONE, ref_logp=logp, beta=-0.1)


def test_an_unknown_aggregation_raises_with_the_nearest() -> None:
    logp = torch.zeros(1, 1)
    with pytest.raises(KeyError, match="did you mean 'sequence_mean'"):
        grpo(logp, logp, torch.zeros(1), ONE, aggregation="sequence_men")


@pytest.mark.parametrize(("advantage", "expected"), [(-2.0, 11.2 / 3), (2.0, -3.8 / 3)])
def test_the_dual_clip_is_the_two_sided_clip_of_trl(advantage: float, expected: float) -> None:
    # delta = 4 cuts the ratio 5 before anything else. A = -2: -min(r A, clip(r) A) = 1.6, 1.6, 8;
    # A = 2: -1, -0.4, -2.4.
    logp, mask = torch.tensor([[0.5, 0.2, 5.0]]).log(), torch.ones(1, 3, dtype=torch.bool)
    loss, _ = grpo(logp, torch.zeros(1, 3), torch.tensor([advantage]), mask, dual_clip=4.0)
    assert loss.item() == pytest.approx(expected)


def test_weights_leave_the_kl_term_alone() -> None:
    logp = torch.zeros(1, 1, requires_grad=True)
    ref_logp, nothing = torch.full((1, 1), -1.0), torch.zeros(1)
    settings = {"ref_logp": ref_logp, "beta": 1.0}
    loss, _ = grpo(logp, logp, torch.ones(1), ONE, weights=nothing, **settings)
    assert loss.item() == pytest.approx(math.exp(-1))  # 0 * -1 + k3
