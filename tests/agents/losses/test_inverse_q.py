import math

import pytest
import torch

from plaudit.agents.losses.inverse_q import inverse_q
from plaudit.agents.losses.nll import nll

# An expert who takes token 0 three times out of four.
TOKENS = torch.tensor([[0], [0], [0], [1]])
EXPERT, ALL = torch.ones(4, dtype=torch.bool), torch.ones(4, 1, dtype=torch.bool)
SHARES = torch.tensor([0.75, 0.25], dtype=torch.float64)


def minimum(chi2: float) -> torch.Tensor:
    """Q-values (2,) that minimise the loss on the expert's tokens, by Newton's method."""
    q = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([q], max_iter=200, tolerance_grad=1e-14, tolerance_change=0)

    def closure() -> torch.Tensor:
        descent.zero_grad()
        loss, _ = inverse_q(q.expand(4, 1, 2), TOKENS, EXPERT, ALL, chi2=chi2)
        loss.backward()
        return loss

    descent.step(closure)
    return q.detach()


def test_by_hand() -> None:
    logits = torch.tensor([[[0.0, math.log(3.0)]], [[0.0, 0.0]]])
    tokens, expert = torch.tensor([[1], [0]]), torch.tensor([True, False])
    mask = torch.ones(2, 1, dtype=torch.bool)
    loss, stats = inverse_q(logits, tokens, expert, mask, chi2=0.0)
    # Expert: reward ln 3, V = ln 4; own row: reward 0, V = ln 2. -ln 3 + (ln 4 + ln 2) / 2.
    assert loss.item() == pytest.approx(-math.log(3) + 1.5 * math.log(2), abs=1e-6)
    with_chi2, _ = inverse_q(logits, tokens, expert, mask, chi2=0.5)
    # Plus 0.5 * ((ln 3)^2 + 0) / 2.
    assert (with_chi2 - loss).item() == pytest.approx(0.25 * math.log(3) ** 2, abs=1e-6)
    assert stats["expert_reward"].item() == pytest.approx(math.log(3))
    assert stats["own_reward"] == 0


def test_unbounded_its_minimum_is_the_distribution_of_the_expert() -> None:
    torch.testing.assert_close(minimum(0.0).softmax(dim=0), SHARES, rtol=0, atol=1e-7)


@pytest.mark.parametrize("chi2", [0.5, 0.05])
def test_bounded_rewards_pull_the_minimum_by_the_stated_amount(chi2: float) -> None:
    q = minimum(chi2)
    torch.testing.assert_close(q.softmax(dim=0), SHARES * (1 - 2 * chi2 * q), rtol=0, atol=1e-7)


def test_the_weaker_the_bound_the_nearer_to_the_expert() -> None:
    gaps = [
        float((minimum(chi2).softmax(dim=0) - SHARES).abs().max()) for chi2 in (0.5, 0.05, 0.005)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.01


def test_over_several_steps_without_a_bound_it_is_the_negative_log_likelihood() -> None:
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 5, 3, generator=rng, dtype=torch.float64)
    tokens = torch.randint(3, (4, 5), generator=rng)
    mask = torch.arange(5) < torch.tensor([[5], [2], [1], [4]])
    mask[0, 2] = False  # a token of the world between two of the expert's
    logp = logits.log_softmax(dim=2).gather(2, tokens.unsqueeze(2)).squeeze(2)
    found, _ = inverse_q(logits, tokens, EXPERT, mask, chi2=0.0)
    torch.testing.assert_close(found, nll(logp, mask, aggregation="sequence_sum_mean")[0])


def test_the_discount_takes_from_what_follows() -> None:
    logits, tokens = torch.zeros(1, 2, 2), torch.zeros(1, 2, dtype=torch.int64)
    mask = torch.ones(1, 2, dtype=torch.bool)
    loss, stats = inverse_q(logits, tokens, EXPERT[:1], mask, chi2=1.0, gamma=0.5)
    # Rewards (0 - ln 2 / 2, 0); V - gamma V' = (ln 2 / 2, ln 2); plus (ln 2)^2 / 4.
    ln2 = math.log(2)
    assert loss.item() == pytest.approx(ln2 / 2 + ln2 / 2 + ln2 + ln2**2 / 4)
    assert stats["expert_reward"].item() == pytest.approx(-ln2 / 4)


def test_bad_input_raises() -> None:
    logits = torch.zeros(4, 1, 2)
    with pytest.raises(ValueError, match="expert: no selected position is in an expert's row"):
        inverse_q(logits, TOKENS, ~EXPERT, ALL)
    with pytest.raises(TypeError, match=r"expert: expected torch.bool, got torch.int64"):
        inverse_q(logits, TOKENS, EXPERT.long(), ALL)
    with pytest.raises(ValueError, match=r"gamma in \(0, 1\], got -1 and 1.0"):
        inverse_q(logits, TOKENS, EXPERT, ALL, chi2=-1)
