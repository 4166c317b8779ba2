import math

import pytest
import torch

from plaudit.agents.losses.ppo import ppo, ppo_value

ONE = torch.ones(1, 1, dtype=torch.bool)
TWO = torch.ones(1, 2, dtype=torch.bool)


def logs(*ratios: float) -> torch.Tensor:
    """Log-probabilities whose ratios to an old policy at 0 nats are the given ones."""
    return torch.tensor([ratios]).log().requires_grad_()


def test_on_fresh_samples_the_gradient_is_the_policy_gradient() -> None:
    logp = torch.tensor([[-1.0, -2.0]], requires_grad=True)
    loss, stats = ppo(logp, logp, torch.tensor([[3.0, -1.0]]), TWO)
    loss.backward()
    assert loss.item() == -1.0  # -(3 - 1) / 2
    assert logp.grad is not None
    assert logp.grad.tolist() == [[-1.5, 0.5]]  # -A / 2 tokens
    assert stats["ratio_mean"] == 1
    assert stats["approx_kl"] == stats["clip_fraction"] == 0


def test_the_clip_takes_the_gradient_of_a_ratio_that_went_far_enough() -> None:
    logp = logs(1.5, 0.5)
    loss, stats = ppo(logp, torch.zeros(1, 2), torch.tensor([[1.0, -1.0]]), TWO)
    loss.backward()
    # min(1.5, 1.2) = 1.2 and min(-0.5, -0.8) = -0.8: -(1.2 - 0.8) / 2 = -0.2.
    assert loss.item() == pytest.approx(-0.2)
    assert logp.grad is not None
    assert logp.grad.tolist() == [[0.0, 0.0]]
    assert stats["clip_fraction"] == 1


def test_a_ratio_on_the_wrong_side_is_not_clipped() -> None:
    logp = logs(1.5)
    loss, stats = ppo(logp, torch.zeros(1, 1), torch.tensor([[-1.0]]), ONE)
    loss.backward()
    assert loss.item() == pytest.approx(1.5)  # -min(-1.5, -1.2)
    assert logp.grad is not None
    assert logp.grad.item() == pytest.approx(1.5)
    assert stats["clip_fraction"] == 0


def test_an_upper_clip_of_its_own_leaves_the_lower_one() -> None:
    advantage = torch.tensor([[1.0, -1.0]])
    loss, _ = ppo(logs(1.5, 0.5), torch.zeros(1, 2), advantage, TWO, clip_high=0.4)
    assert loss.item() == pytest.approx(-0.3)  # -(1.4 - 0.8) / 2


def test_approx_kl_is_k3_from_the_old_policy() -> None:
    _, stats = ppo(logs(1.5, 0.5), torch.zeros(1, 2), torch.ones(1, 2), TWO)
    # (1.5 - 1 - ln 1.5 + 0.5 - 1 - ln 0.5) / 2
    expected = -(math.log(1.5) + math.log(0.5)) / 2
    assert stats["approx_kl"].item() == pytest.approx(expected, abs=1e-6)


def test_ratios_are_cut_at_20_nats() -> None:
    logp = torch.tensor([[50.0]], requires_grad=True)
    loss, _ = ppo(logp, torch.zeros(1, 1), torch.tensor([[-1.0]]), ONE)
    assert loss.item() == pytest.approx(math.exp(20), rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clip": 0.0}, r"clip must lie in \(0, 1\], got 0.0"),
        ({"clip": 1.5}, r"clip must lie in \(0, 1\], got 1.5"),
        ({"clip_high": -1.0}, "clip_high must be finite and above 0, got -1.0"),
    ],
)
def test_clips_out_of_range_raise(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ppo(torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1, 1), ONE, **settings)


def number(value: float) -> torch.Tensor:
    return torch.tensor([[value]])


def test_the_value_loss_is_half_the_squared_error() -> None:
    value = number(2.0).requires_grad_()
    loss, _ = ppo_value(value, number(1.0), number(0.0), ONE)
    loss.backward()
    assert loss.item() == 2.0  # 4 / 2
    assert value.grad is not None
    assert value.grad.item() == 2.0  # value - return


def test_a_value_that_moved_towards_the_return_is_clipped() -> None:
    value = number(2.0).requires_grad_()
    loss, stats = ppo_value(value, number(0.0), number(3.0), ONE, clip=0.5)
    loss.backward()
    assert loss.item() == 3.125  # max(1, (0.5 - 3)^2) / 2
    assert value.grad is not None
    assert value.grad.item() == 0
    assert stats["clip_fraction"] == 1


def test_a_value_that_moved_away_is_not_clipped() -> None:
    loss, stats = ppo_value(number(2.0), number(1.0), number(0.0), ONE, clip=0.5)
    assert loss.item() == 2.0  # max(4, 1.5^2) / 2
    assert stats["clip_fraction"] == 0


def test_explained_variance_by_hand() -> None:
    value, returns = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 2.0]])
    _, stats = ppo_value(value, value, returns, TWO)
    assert stats["explained_variance"] == 0.75  # 1 - Var(0, 1) / Var(0, 2) = 1 - 0.25 / 1
    _, stats = ppo_value(value, value, torch.ones(1, 2), TWO)
    assert stats["explained_variance"].isnan()


def test_a_value_clip_of_zero_raises() -> None:
    with pytest.raises(ValueError, match="clip must be above 0 reward units, or None, got 0"):
        ppo_value(number(0.0), number(0.0), number(0.0), ONE, clip=0)


def test_the_dual_clip_bounds_what_a_bad_token_can_cost() -> None:
    logp = logs(5.0, 2.0)
    loss, stats = ppo(logp, torch.zeros(1, 2), torch.tensor([[-1.0, -1.0]]), TWO, dual_clip=3.0)
    loss.backward()
    assert loss.item() == pytest.approx(2.5)  # (min(5, 3) + 2) / 2
    assert logp.grad is not None
    assert logp.grad.tolist() == [[0.0, pytest.approx(1.0)]]  # 0 beyond the bound, else r / 2
    assert stats["dual_clip_fraction"] == 0.5
    assert stats["clip_fraction"] == 0


def test_the_dual_clip_leaves_good_tokens_alone() -> None:
    found = ppo(logs(5.0, 0.1), torch.zeros(1, 2), torch.ones(1, 2), TWO, dual_clip=3.0)[0]
    assert found == ppo(logs(5.0, 0.1), torch.zeros(1, 2), torch.ones(1, 2), TWO)[0]


def test_a_dual_clip_of_1_raises() -> None:
    zeros = torch.zeros(1, 1)
    with pytest.raises(ValueError, match=r"dual_clip must be finite and above 1, or None, got 1.0"):
        ppo(zeros, zeros, zeros, ONE, dual_clip=1.0)


def test_weights_multiply_the_loss_of_their_token() -> None:
    logp = logs(1.0, 1.0)
    ppo(logp, logp, torch.ones(1, 2), TWO, weights=torch.tensor([[3.0, 0.0]]))[0].backward()
    assert logp.grad is not None
    assert logp.grad.tolist() == [[-1.5, 0.0]]


def test_the_clip_of_stable_baselines_takes_the_clipped_error() -> None:
    # Moved from 1 to 2, held at 1.5; the return is 0. Pessimistic: max(4, 2.25) / 2.
    value = number(2.0).requires_grad_()
    loss, stats = ppo_value(value, number(1.0), number(0.0), ONE, clip=0.5, pessimistic=False)
    loss.backward()
    assert loss.item() == 1.125  # 2.25 / 2
    assert value.grad is not None
    assert value.grad.item() == 0
    assert stats["clip_fraction"] == 1
