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
from plaudit.agents.registry import ADVANTAGES, LOSSES, PER_ANSWER, SHAPINGS

ROWS, TOKENS, VOCABULARY = 4, 5, 3
SHAPES = {"B": (ROWS,), "B, T": (ROWS, TOKENS), "B, T, V": (ROWS, TOKENS, VOCABULARY)}
ARGUMENT = re.compile(
    r"^ +(\w+): \((B|B, T|B, T, V),?\) ?(bool|int64|non-negative|in \[0, 1\])?", re.MULTILINE
)
MATRIX = re.compile(r"^ +(\w+): \(B, B\)", re.MULTILINE)  # another way to give an argument
MASK = torch.arange(TOKENS) < torch.tensor([[5], [2], [1], [4]])
FLAGS = torch.tensor([False, True, False, True])
GROUPS = torch.tensor([7, 3, 7, 3])
RATES = torch.tensor([0.25, 0.5, 0.25, 0.5], dtype=torch.float64)
NUMBERS = (torch.arange(TOKENS) // 2).repeat(ROWS, 1)  # of turns, macro actions, states, tokens
ENDS = (torch.arange(TOKENS) == 1).repeat(ROWS, 1)  # of episodes

# Losses whose gradient is, on purpose, not the derivative of their value; their own tests hold it.
DETACHED = {"loss cispo", "loss nft"}
# Losses that always have something to learn.
RESTLESS = {"loss entropy_bonus", "loss inverse_q", "loss soft_q"}

Tensors = dict[str, torch.Tensor]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"loss {name}": agents.loss(name) for name in LOSSES},
    **{f"advantage {name}": agents.advantage(name) for name in ADVANTAGES},
    **{f"shaping {name}": agents.shaping(name) for name in SHAPINGS},
}


def inputs(name: str, *, scale: float = 0.1, dtype: torch.dtype = torch.float64) -> Tensors:
    """Random inputs of the documented shapes; the same at every call."""
    rng = torch.Generator().manual_seed(0)
    function, found = FUNCTIONS[name], {}
    for argument, axes, kind in ARGUMENT.findall(arguments(function)):
        values = scale * torch.randn(SHAPES[axes], generator=rng, dtype=torch.float64)
        found[argument] = {
            "bool": FLAGS if axes == "B" else ENDS if argument == "ends" else MASK,
            "in [0, 1]": RATES.to(dtype, copy=True),
            "int64": NUMBERS if axes == "B, T" else GROUPS,
            "non-negative": values.abs().to(dtype),
        }.get(kind, values.to(dtype))
    return found


def arguments(function: Callable[..., Any]) -> str:
    """A return value may carry an argument's name, so only what precedes "Returns:" counts."""
    return (inspect.getdoc(function) or "").partition("Returns:")[0]


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


def hidden(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with nonsense where the mask is False, if it has positions."""
    if tensor.shape[:2] != MASK.shape or tensor.dtype == torch.bool:
        return tensor
    seen = MASK if tensor.dim() == 2 else MASK.unsqueeze(2)
    return torch.where(seen, tensor, float("nan") if tensor.is_floating_point() else -9)


def idle(name: str) -> Tensors:
    """Inputs from which there is nothing to learn: by default, all advantages are 0."""
    found = inputs(name)
    if name == "loss ppo_value":
        return found | {"returns": found["value"].clone()}
    if name == "loss kl_penalty":
        return found | {"ref_logp": found["logp"].clone()}
    if name == "loss nft":
        return found | {"pass_rate": found["correct"].double()}
    key = "weights" if name in ("loss awr", "loss imitation", "loss nll") else "advantage"
    return found | {key: torch.zeros_like(found[key])}


def floats(found: Tensors) -> Tensors:
    return {key: tensor for key, tensor in found.items() if tensor.is_floating_point()}


every = pytest.mark.parametrize("name", FUNCTIONS)
losses = pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("loss")])
masked = pytest.mark.parametrize("name", [name for name in FUNCTIONS if "mask" in inputs(name)])


@every
def test_all_tensor_arguments_are_documented_with_shapes(name: str) -> None:
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    tensors = {p.name for p in parameters if "Tensor" in str(p.annotation)}
    assert {*inputs(name), *MATRIX.findall(arguments(FUNCTIONS[name]))} == tensors


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
    expected = name not in DETACHED
    same = torch.autograd.gradcheck(
        lambda x: FUNCTIONS[name](**{first: x}, **found)[0], leaf, raise_exception=expected
    )
    assert same == expected


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
    dirty = {key: hidden(tensor) for key, tensor in clean.items()}
    for tensor, expected in zip(outputs(name, dirty), outputs(name, clean), strict=True):
        assert torch.equal(tensor, expected)
        assert tensor.shape[:2] != MASK.shape or (tensor[~MASK] == 0).all()


@every
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    found, order = inputs(name), torch.tensor([2, 0, 3, 1])
    permuted = {key: tensor[order] for key, tensor in found.items()}
    for tensor, expected in zip(outputs(name, permuted), outputs(name, found), strict=True):
        torch.testing.assert_close(tensor, expected[order] if expected.dim() else expected)


@pytest.mark.parametrize("name", sorted({f"loss {name}" for name in LOSSES} - RESTLESS))
def test_without_advantage_there_is_nothing_to_learn(name: str) -> None:
    loss, gradient = value(name, idle(name))
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


@losses
def test_the_registry_says_whether_an_advantage_is_one_per_answer(name: str) -> None:
    advantage = inputs(name).get("advantage")
    one_per_answer = advantage is not None and advantage.dim() == 1
    assert one_per_answer == (name.removeprefix("loss ") in PER_ANSWER)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("loss")])
def test_an_advantage_carries_no_gradient(name: str) -> None:
    found = inputs(name)
    for tensor in floats(found).values():
        tensor.requires_grad_()
    assert not any(tensor.requires_grad for tensor in outputs(name, found))
