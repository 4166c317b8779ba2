"""What every registered loss and advantage keeps to, found by the registry.

Inputs are built from the docstrings: "logp: (B, T) nats" makes a (B, T) tensor, so a docstring that
lies about a shape fails here. The first argument of a loss is the one that learns.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from plaudit import agents
from plaudit.agents.registry import ADVANTAGES, LOSSES

ROWS, TOKENS = 4, 5
ARGUMENT = re.compile(r"^ +(\w+): \((B|B, T),?\) ?(bool|int64)?", re.MULTILINE)
MASK = torch.arange(TOKENS) < torch.tensor([[5], [2], [1], [4]])
GROUPS = torch.tensor([7, 3, 7, 3])

Tensors = dict[str, torch.Tensor]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"loss {name}": agents.loss(name) for name in LOSSES},
    **{f"advantage {name}": agents.advantage(name) for name in ADVANTAGES},
}


def inputs(name: str, *, scale: float = 0.1, dtype: torch.dtype = torch.float64) -> Tensors:
    """Random inputs of the documented shapes; the same at every call."""
    rng = torch.Generator().manual_seed(0)
    function, found = FUNCTIONS[name], {}
    # A return value may carry an argument's name, so only what precedes "Returns:" counts.
    arguments = inspect.getdoc(function).partition("Returns:")[0]  # type: ignore[union-attr]
    for argument, axes, kind in ARGUMENT.findall(arguments):
        shape = (ROWS, TOKENS) if axes == "B, T" else (ROWS,)
        values = scale * torch.randn(shape, generator=rng, dtype=torch.float64)
        found[argument] = {"bool": MASK, "int64": GROUPS}.get(kind, values.to(dtype))
    return found


def value(name: str, found: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
    """A loss and the gradient of its first argument."""
    first = next(iter(found))
    leaf = found[first].clone().requires_grad_()
    loss, _ = FUNCTIONS[name](**(found | {first: leaf}))
    loss.backward()
    assert leaf.grad is not None
    return loss.detach(), leaf.grad


def outputs(name: str, found: Tensors) -> tuple[torch.Tensor, ...]:
    """A loss and its gradient, or what an advantage returns, as a tuple."""
    if name.startswith("loss"):
        return value(name, found)
    result = FUNCTIONS[name](**found)
    return result if isinstance(result, tuple) else (result,)


def floats(found: Tensors) -> Tensors:
    return {key: tensor for key, tensor in found.items() if tensor.is_floating_point()}


every = pytest.mark.parametrize("name", FUNCTIONS)
losses = pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("loss")])
masked = pytest.mark.parametrize("name", [name for name in FUNCTIONS if "mask" in inputs(name)])


@every
def test_all_tensor_arguments_are_documented_with_shapes(name: str) -> None:
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    tensors = {p.name for p in parameters if "Tensor" in str(p.annotation)}
    assert set(inputs(name)) == tensors


@every
def test_the_docstring_names_a_source(name: str) -> None:
    assert "Source: " in (inspect.getdoc(FUNCTIONS[name]) or "")


@losses
def test_a_loss_is_one_number_with_detached_figures(name: str) -> None:
    found = inputs(name)
    first = next(iter(found))
    loss, stats = FUNCTIONS[name](**(found | {first: found[first].requires_grad_()}))
    assert loss.shape == ()
    assert loss.requires_grad
    assert all(figure.shape == () and not figure.requires_grad for figure in stats.values())


@losses
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    found = inputs(name)
    first = next(iter(found))
    leaf = found.pop(first).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: FUNCTIONS[name](**{first: x}, **found)[0], leaf)


@losses
def test_only_the_first_argument_receives_a_gradient(name: str) -> None:
    found = inputs(name)
    for tensor in floats(found).values():
        tensor.requires_grad_()
    FUNCTIONS[name](**found)[0].backward()
    first, *others = floats(found).values()
    assert first.grad is not None
    assert all(tensor.grad is None for tensor in others)


@every
@pytest.mark.parametrize("scale", [1e3, 1e5])
def test_huge_numbers_stay_finite(name: str, scale: float) -> None:
    found = inputs(name, scale=scale, dtype=torch.float32)
    assert all(torch.isfinite(tensor).all() for tensor in outputs(name, found))


@every
@pytest.mark.parametrize("scale", [1.0, 15.0])
def test_half_precision_inputs_are_computed_in_float32(name: str, scale: float) -> None:
    # exp overflows float16 at 11 nats, and bfloat16 has three digits.
    found = inputs(name, scale=scale, dtype=torch.float16)
    wide = {key: t.float() if t.is_floating_point() else t for key, t in found.items()}
    for tensor, expected in zip(outputs(name, found), outputs(name, wide), strict=True):
        # The gradient of a float16 argument is itself float16.
        torch.testing.assert_close(
            tensor.float(), expected.half().float() if tensor.dtype == torch.float16 else expected
        )


@masked
def test_masked_positions_are_not_read_and_get_exactly_zero(name: str) -> None:
    clean = inputs(name)
    dirty = {
        key: torch.where(MASK, tensor, float("nan")) if tensor.shape == MASK.shape else tensor
        for key, tensor in floats(clean).items()
    }
    for tensor, expected in zip(outputs(name, clean | dirty), outputs(name, clean), strict=True):
        assert torch.equal(tensor, expected)
        assert tensor.dim() == 0 or (tensor[~MASK] == 0).all()


@every
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    found, order = inputs(name), torch.tensor([2, 0, 3, 1])
    permuted = {key: tensor[order] for key, tensor in found.items()}
    for tensor, expected in zip(outputs(name, permuted), outputs(name, found), strict=True):
        torch.testing.assert_close(tensor, expected[order] if expected.dim() else expected)


@losses
def test_without_advantage_there_is_nothing_to_learn(name: str) -> None:
    found = inputs(name)
    if "advantage" in found:
        found["advantage"] = torch.zeros_like(found["advantage"])
    else:  # a regression: nothing to learn where the value is already right
        found["returns"] = found["value"].clone()
    loss, gradient = value(name, found)
    assert loss == 0
    assert (gradient == 0).all()


@every
def test_inputs_are_left_as_they_were(name: str) -> None:
    found = inputs(name)
    outputs(name, found)
    assert all(torch.equal(found[key], tensor) for key, tensor in inputs(name).items())


@every
def test_another_number_of_axes_raises_naming_the_argument(name: str) -> None:
    found = inputs(name)
    for key, tensor in found.items():
        with pytest.raises(ValueError, match=rf"^{key}: expected axes"):
            FUNCTIONS[name](**(found | {key: tensor.unsqueeze(0)}))


@every
def test_another_number_of_rows_raises(name: str) -> None:
    found = inputs(name)
    for key, tensor in found.items():
        with pytest.raises(ValueError, match=r"axis B is \d, but \d elsewhere"):
            FUNCTIONS[name](**(found | {key: tensor[:-1]}))


@every
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_raises_naming_argument_and_row(name: str, bad: float) -> None:
    for key, tensor in floats(inputs(name)).items():
        tensor[2:] = bad
        with pytest.raises(ValueError, match=rf"^{key}: row 2 .*{bad}"):
            FUNCTIONS[name](**(inputs(name) | {key: tensor}))


@masked
def test_a_batch_that_is_all_masked_raises(name: str) -> None:
    with pytest.raises(ValueError, match="mask: no position is selected"):
        FUNCTIONS[name](**(inputs(name) | {"mask": torch.zeros_like(MASK)}))


@masked
def test_a_mask_of_integers_raises(name: str) -> None:
    with pytest.raises(TypeError, match=r"mask: expected torch\.bool, got torch\.int64"):
        FUNCTIONS[name](**(inputs(name) | {"mask": MASK.long()}))


@masked
def test_a_row_without_a_token_changes_nothing_for_the_others(name: str) -> None:
    found = inputs(name)
    empty = {
        key: torch.cat([tensor, torch.zeros_like(tensor[:1])]) for key, tensor in found.items()
    }
    for tensor, expected in zip(outputs(name, empty), outputs(name, found), strict=True):
        rows = tensor if tensor.dim() == 0 else tensor[:-1]
        torch.testing.assert_close(rows, expected)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("advantage")])
def test_an_advantage_carries_no_gradient(name: str) -> None:
    found = inputs(name)
    for tensor in floats(found).values():
        tensor.requires_grad_()
    assert not any(tensor.requires_grad for tensor in outputs(name, found))
