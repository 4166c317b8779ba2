import pytest
import torch
from torch import nn

from plaudit.agents.trainers import flat_adam
from plaudit.agents.trainers.learner import Learner


@pytest.fixture(params=["small", "large"])
def size(request, monkeypatch):
    if request.param == "large":
        monkeypatch.setattr(flat_adam, "MOST", 0)
    return request.param


def layer():
    made = nn.Linear(3, 2)
    made.weight.data, made.bias.data = torch.arange(6.0).view(2, 3), torch.ones(2)
    return made


def descend(module, learner, steps, scale=1.0):
    for i in range(steps):
        learner.zero()
        x = torch.full((1, 3), 1.0 + i)
        (scale * module(x).square().sum()).backward()
        norm = learner.step()
    return norm


def test_small_and_large_policies_take_the_same_steps(monkeypatch):
    found = []
    for most in (flat_adam.MOST, 0):
        monkeypatch.setattr(flat_adam, "MOST", most)
        module = layer()
        descend(module, Learner([module], lr=0.1, weight_decay=0.01), 5)
        found.append(torch.cat([p.detach().flatten() for p in module.parameters()]))
    torch.testing.assert_close(*found, rtol=0, atol=1e-6)


def test_the_gradient_is_cut_to_the_largest_norm_and_told_before_the_cut(size):
    module = layer()
    learner = Learner([module], lr=0.0, max_grad_norm=0.5)
    # outputs 0 + 1 + 2 + 1 = 4 and 3 + 4 + 5 + 1 = 13; gradient by outputs 8 and 26, which each of
    # 3 weights and the bias get: norm sqrt(4 (64 + 676)) = 54.405882
    assert descend(module, learner, 1).item() == pytest.approx(54.405882)
    if size == "large":
        cut = torch.cat([p.grad.flatten() for p in module.parameters()])
        assert cut.norm().item() == pytest.approx(0.5)


def test_a_gradient_that_is_not_finite_moves_nothing(size):
    module = layer()
    learner = Learner([module], lr=0.1)
    before = module.weight.detach().clone()
    with pytest.raises(ValueError, match="the gradient is not finite; lower lr"):
        descend(module, learner, 1, scale=float("inf"))
    assert torch.equal(module.weight, before)


def test_it_goes_back_to_where_it_was(size):
    module = layer()
    learner = Learner([module], lr=0.1)
    descend(module, learner, 2)
    state = learner.get_state()
    descend(module, learner, 3)
    after = module.weight.detach().clone()
    other = layer()
    resumed = Learner([other], lr=0.1)
    resumed.set_state(state)
    descend(other, resumed, 3)
    assert torch.equal(other.weight, after)


def test_a_share_of_the_step_size(size):
    module = layer()
    learner = Learner([module], lr=0.1)
    learner.scale_lr(0.0)
    before = module.weight.detach().clone()
    descend(module, learner, 1)
    assert torch.equal(module.weight, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -1.0}, "lr must be finite and >= 0, got -1.0"),
        ({"lr": 0.1, "max_grad_norm": 0.0}, "max_grad_norm must be above 0, got 0.0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        Learner([layer()], **settings)


def test_there_must_be_something_to_train():
    with pytest.raises(ValueError, match="nothing to train"):
        Learner([layer().requires_grad_(False)], lr=0.1)
