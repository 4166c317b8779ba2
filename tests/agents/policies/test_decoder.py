import pytest
import torch
from torch.nn import functional as F

from plaudit.agents.policies import decoder
from plaudit.agents.policies.decoder import Affine, KeyValues, Layer, causal, read

WIDTH, HEADS = 8, 2


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def layers(count=2, **grad):
    def affine(out, into, seed):
        weight = 0.5 * drawn(out, into, seed=seed)
        return Affine(weight.requires_grad_(bool(grad)), drawn(out, seed=seed))

    norm = Affine(torch.ones(WIDTH), torch.zeros(WIDTH))
    sizes = ((3 * WIDTH, WIDTH), (WIDTH, WIDTH), (4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH))
    found = []
    for i in range(count):
        qkv, merge, up, down = (affine(*size, seed=9 * i + j) for j, size in enumerate(sizes))
        found.append(Layer(HEADS, 1e-5, norm, qkv, merge, norm, up, down))
    return found


def test_a_cache_gives_back_all_that_was_written_to_it():
    cache, parts = KeyValues(), [drawn(2, 3, HEADS, n, 4, seed=n) for n in (5, 1, 1, 9)]
    for part in parts:
        whole = cache.append(part)
    assert torch.equal(whole, torch.cat(parts, 3))


def test_without_padding_there_is_no_mask_and_with_it_padding_sees_only_itself():
    assert causal(torch.ones(2, 3, dtype=torch.bool), 3) is None
    assert causal(torch.ones(2, 3, dtype=torch.bool), 1) is None
    found = causal(torch.tensor([[False, True, True]]), 3)
    assert found[0, 0].long().tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_a_block_in_the_middle_attends_to_what_was_read_and_to_itself():
    # two positions were read, the first of them padding; two are new
    found = causal(torch.tensor([[False, True, True, True]]), 2)
    assert found[0, 0].long().tolist() == [[0, 1, 1, 0], [0, 1, 1, 1]]
    whole = causal(torch.ones(1, 4, dtype=torch.bool), 2)
    assert whole[0, 0].long().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


@pytest.mark.parametrize("rows", [3, decoder.FEW_ROWS + 1])
@pytest.mark.parametrize("padding", [0, 2])
def test_reading_step_by_step_is_reading_at_once(rows, padding):
    x = drawn(rows, 7, WIDTH)
    mask = torch.ones(rows, 7, dtype=torch.bool)
    mask[:, :padding] = False
    whole = read(x, layers(), causal(mask, 7))
    past = [KeyValues() for _ in layers()]
    steps = [read(x[:, :4], layers(), causal(mask[:, :4], 4), past)]
    for t in range(4, 7):
        seen = mask[:, : t + 1]
        steps.append(read(x[:, t : t + 1], layers(), causal(seen, 1), past))
    torch.testing.assert_close(torch.cat(steps, 1), whole, atol=1e-5, rtol=1e-5)


def test_a_layer_is_attention_and_then_a_small_network_each_added():
    (layer,) = layers(1)
    x = drawn(1, 1, WIDTH)
    # One position attends to itself alone: its mixed value is v.
    value = F.linear(F.layer_norm(x, (WIDTH,)), *layer.qkv)[..., 2 * WIDTH :]
    between = x + F.linear(value, *layer.merge)
    grown = F.gelu(F.linear(F.layer_norm(between, (WIDTH,)), *layer.up), approximate="tanh")
    expected = between + F.linear(grown, *layer.down)
    torch.testing.assert_close(read(x, [layer], None), expected)


def test_recomputation_gives_the_same_gradient_from_less_memory():
    gradients, kept = [], []
    for recompute in (False, True):
        saved: list[int] = []
        weights, x = layers(4, grad=True), drawn(4, 16, WIDTH)
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t, saved=saved: saved.append(t.numel()) or t, lambda t: t
        ):
            out = read(x, weights, None, recompute=recompute)
        out.square().sum().backward()
        gradients.append([part.weight.grad for layer in weights for part in layer[3:5]])
        kept.append(sum(saved))
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(recomputed, plain, atol=1e-6, rtol=1e-6)
    assert kept[1] < kept[0] / 4
