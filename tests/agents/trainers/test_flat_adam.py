import pytest
import torch
from torch import nn

from plaudit.agents.trainers.flat_adam import MOST, FlatAdam


def parameters():
    rng = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=rng)) for shape in ((3, 4), (5,))]


def gradients(steps):
    rng = torch.Generator().manual_seed(1)
    return [[torch.randn(shape, generator=rng) for shape in ((3, 4), (5,))] for _ in range(steps)]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_it_takes_the_steps_of_torch(weight_decay):
    ours, theirs = parameters(), parameters()
    adam = FlatAdam(ours, eps=1e-5, weight_decay=weight_decay)
    peer = torch.optim.AdamW(theirs, lr=1e-2, eps=1e-5, weight_decay=weight_decay)
    for grads in gradients(50):
        for p, q, grad in zip(ours, theirs, grads, strict=True):
            p.grad, q.grad = grad, grad.clone()
        adam.step(adam.gradient(), 1e-2)
        peer.step()
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-6)


def test_the_first_step_worked_out_by_hand():
    p = nn.Parameter(torch.tensor([1.0, 2.0]))
    adam = FlatAdam([p], eps=0.0, weight_decay=0.5)
    # The first step has the size lr, whatever the gradient: 1 (1 - 0.1 * 0.5) - 0.1 = 0.85, and
    # 2 (1 - 0.05) + 0.1 = 2
    adam.step(torch.tensor([3.0, -4.0]), 0.1)
    assert p.tolist() == pytest.approx([0.85, 2.0])


def test_parameters_that_no_loss_reached_count_as_zero():
    ours = parameters()
    adam = FlatAdam(ours, eps=1e-8)
    ours[1].grad = torch.ones(5)
    assert adam.gradient().tolist() == [0.0] * 12 + [1.0] * 5


def test_its_memory_goes_back_to_where_it_was():
    ours = parameters()
    adam = FlatAdam(ours, eps=1e-8)
    adam.step(torch.ones(17), 0.1)
    state, at = adam.get_state(), adam.flat.clone()
    adam.step(torch.arange(17.0), 0.1)
    after = adam.flat.clone()
    adam.set_state(state)
    adam.flat.copy_(at)
    adam.step(torch.arange(17.0), 0.1)
    assert torch.equal(adam.flat, after)


def test_it_is_for_few_numbers_of_one_kind():
    assert FlatAdam.fits(parameters())
    assert not FlatAdam.fits([nn.Parameter(torch.zeros(MOST + 1))])
    assert not FlatAdam.fits([*parameters(), nn.Parameter(torch.zeros(1, dtype=torch.bfloat16))])
    assert not FlatAdam.fits([nn.Parameter(torch.zeros(1, dtype=torch.float64))])


def test_parameters_laid_elsewhere_meanwhile_are_laid_back_as_they_are_now():
    ours = parameters()
    first = FlatAdam(ours, eps=1e-8)
    second = FlatAdam(ours, eps=1e-8)  # has its own tensor for the same parameters
    second.step(second.gradient() + 1.0, 0.5)
    moved = torch.cat([p.detach().flatten() for p in ours])
    ours[0].grad = torch.ones(3, 4)
    first.step(first.gradient(), 0.25)
    # a first step has the size lr where there is a gradient
    expected = moved - 0.25 * torch.tensor([1.0] * 12 + [0.0] * 5)
    torch.testing.assert_close(torch.cat([p.detach().flatten() for p in ours]), expected)


def test_parameters_of_another_kind_are_refused_with_the_reason():
    ours = parameters()
    adam = FlatAdam(ours, eps=1e-8)
    ours[1].data = ours[1].data.double()
    with pytest.raises(ValueError, match=r"had .*5, torch.float32.* and has .*5, torch.float64"):
        adam.gradient()
