import copy

import pytest
import torch

from plaudit.agents.policies.mlp import MLPs


def network(activation="tanh", hidden=(5, 4), outs=(3, 1), width=6):
    gains = [1.0] * len(outs)
    rng = torch.Generator().manual_seed(0)
    layers = MLPs(width, hidden, outs, activation=activation, gains=gains, rng=rng)
    for p in layers.parameters():
        p.data += 0.1 * torch.randn(p.shape, generator=rng)
    return layers


def test_a_number_worked_out_by_hand():
    layers = network(hidden=(1,), outs=(1,), width=1, activation="relu")
    for p, value in zip(layers.parameters(), (2.0, 3.0, 0.5, 1.0), strict=True):
        p.data.fill_(value)
    # weights 2 and 3, biases 0.5 and 1: 3 max(0, 2 * 4 + 0.5) + 1 = 26.5, and 3 max(0, -7.5) + 1
    assert layers(torch.tensor([[4.0], [-4.0]]))[0].tolist() == [[26.5], [1.0]]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("hidden", [(5,), (5, 4), (4, 4, 3)])
def test_numpys_way_and_torchs_agree_in_values_and_gradients(activation, hidden):
    layers = network(activation, hidden)
    x = torch.randn(7, 6, generator=torch.Generator().manual_seed(1)).requires_grad_()
    found = []
    for way in (layers.forward, layers.plain):
        layers.zero_grad()
        x.grad = None
        first, second = way(x)
        (first.square().sum() + second.exp().sum()).backward()
        found.append([first, second, x.grad, *(p.grad for p in layers.parameters())])
    for ours, torchs in zip(*found, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-5, atol=1e-5)


def test_without_gradients_it_says_the_same():
    layers, x = network(), torch.ones(2, 6)
    with torch.inference_mode():
        plain = layers(x)
    assert all(torch.equal(a, b) for a, b in zip(plain, layers(x), strict=True))


def test_first_weights_are_orthogonal_and_come_from_the_stream_given():
    before = torch.get_rng_state()
    layers = MLPs(8, (4,), (2,), activation="tanh", gains=[0.01], rng=torch.Generator())
    weight, last = layers.weights[0][0], layers.weights[1]
    torch.testing.assert_close(weight @ weight.T, 2 * torch.eye(4))
    torch.testing.assert_close(last @ last.T, 1e-4 * torch.eye(2))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_copy_has_weights_of_its_own():
    layers = network()
    twin = copy.deepcopy(layers)
    x = torch.ones(1, 6)
    before = twin(x)[0].clone()
    for p in layers.parameters():
        p.data.zero_()
    assert torch.equal(twin(x)[0], before)
    twin.load_state_dict(layers.state_dict())
    assert torch.equal(twin(x)[0], torch.zeros(1, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "tanhh"}, "activation must be tanh or relu, got 'tanhh'"),
        ({"hidden": ()}, "at least one hidden layer"),
        ({"hidden": (0,)}, r"widths of at least 1; got input 6, hidden \(0,\), outputs \(3, 1\)"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        network(**settings)
