import pytest
import torch

from plaudit.agents.losses import base

MASK = torch.tensor([[True, True], [True, False]])
LOSS = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
NAN = float("nan")


def test_weights_of_positions_and_of_rows_multiply_the_loss() -> None:
    each = torch.tensor([[2.0, 0.5], [4.0, NAN]])
    assert base.weigh(LOSS, each, MASK).tolist() == [[2.0, 1.0], [12.0, 0.0]]
    assert base.weigh(LOSS, torch.tensor([2.0, 4.0]), MASK).tolist() == [[2.0, 4.0], [12.0, 0.0]]


def test_without_weights_the_loss_is_left_as_it_is() -> None:
    assert base.weigh(LOSS, None, MASK) is LOSS


def test_no_gradient_goes_into_weights() -> None:
    loss, weights = LOSS.clone().requires_grad_(), torch.full((2,), 2.0, requires_grad=True)
    base.weigh(loss, weights, MASK).sum().backward()
    assert weights.grad is None
    assert loss.grad is not None
    assert loss.grad.tolist() == [[2.0, 2.0], [2.0, 0.0]]


def test_weights_of_another_shape_raise_naming_them() -> None:
    with pytest.raises(ValueError, match=r"^weights: axis B is 3, but 2 elsewhere"):
        base.weigh(LOSS, torch.ones(3), MASK)
    with pytest.raises(ValueError, match=r"^weights: expected axes \(B T\), got 3 axes"):
        base.weigh(LOSS, torch.ones(2, 2, 1), MASK)


def test_the_mean_of_a_row_counts_its_selected_positions() -> None:
    mask = torch.tensor([[True, True], [True, False], [False, False]])
    values = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
    assert base.row_mean(values, mask).tolist() == [[1.5], [3.0], [0.0]]


def test_figures_of_no_position_are_nan() -> None:
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    loss, stats = base.surrogate(LOSS, LOSS, LOSS, nothing, clip=0.2)
    assert (loss == 0).all()
    assert stats["approx_kl"].isnan()
    assert stats["empty_rows"] == 2


def by_autograd(logp, old_logp, advantage, clip, clip_high):
    """The clipped surrogate as one would write it, without a gradient written down."""
    ratio = torch.exp((logp - old_logp).clamp(-20, 20))
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip_high) * advantage)


@pytest.mark.parametrize("scale", [0.0, 0.3, 30.0])
def test_the_written_gradient_is_that_of_autograd(scale):
    rng = torch.Generator().manual_seed(0)
    old, advantage = torch.randn(40, 5, generator=rng), torch.randn(40, 5, generator=rng)
    logp = old + scale * torch.randn(40, 5, generator=rng)  # scale 0: ratios of exactly 1
    mask, found = torch.ones(40, 5, dtype=torch.bool), []
    weights = torch.randn(40, 5, generator=rng)
    for way in (
        lambda x: base.surrogate(x, old, advantage, mask, clip=0.1, clip_high=0.4)[0],
        lambda x: by_autograd(x, old, advantage, 0.1, 0.4),
    ):
        x = logp.clone().requires_grad_()
        loss = way(x)
        (weights * loss).sum().backward()
        found.append((loss.detach(), x.grad))
    torch.testing.assert_close(*found)
