from inspect import signature

import pytest
import torch

from plaudit import agents
from plaudit.agents import masking

MASK = torch.tensor([[True, False], [True, True]])


def test_select_puts_zero_where_masked_even_over_nan() -> None:
    values = torch.tensor([[1.0, float("nan")], [2.0, 3.0]])
    assert masking.select("x", values, MASK).tolist() == [[1.0, 0.0], [2.0, 3.0]]


def test_select_sends_exactly_zero_gradient_back_to_masked_nan() -> None:
    values = torch.tensor([[1.0, float("nan")], [2.0, 3.0]], requires_grad=True)
    masking.select("x", values, MASK).exp().sum().backward()
    assert values.grad is not None
    assert values.grad[0, 1] == 0
    assert values.grad[0, 0] == torch.tensor(1.0).exp()


def test_select_names_the_first_row_that_is_not_finite() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, -float("inf")]])
    with pytest.raises(ValueError, match=r"^logp: row 1 holds -inf at position 1"):
        masking.select("logp", values, MASK)


def test_require_wants_a_boolean_mask_that_selects_something() -> None:
    masking.require(MASK)
    with pytest.raises(TypeError, match=r"got torch\.float32; convert it with mask\.bool\(\)"):
        masking.require(MASK.float())
    with pytest.raises(ValueError, match=r"all of shape \(2, 2\) is False"):
        masking.require(torch.zeros_like(MASK))


@pytest.mark.parametrize(
    ("given", "found"),
    [(torch.bfloat16, torch.float32), (torch.int64, torch.float32), (torch.float64, torch.float64)],
)
def test_values_are_widened_to_at_least_float32(given: torch.dtype, found: torch.dtype) -> None:
    assert masking.select("x", torch.ones(2, 2, dtype=given), MASK).dtype == found


@pytest.mark.parametrize("name", ["ppo", "ppo_value", "reinforce", "cispo", "grpo", "rloo"])
def test_within_trusted_a_loss_is_the_same_and_looks_at_nothing(name: str) -> None:
    loss = agents.loss(name)
    names = [key for key, p in signature(loss).parameters.items() if p.default is p.empty]
    rng = torch.Generator().manual_seed(0)
    given = {key: torch.randn(4, 3, generator=rng) for key in names}
    given["mask"] = torch.ones(4, 3, dtype=torch.bool)
    if name in agents.registry.PER_ANSWER:
        given["advantage"] = given["advantage"][:, 0]
    found = []
    for sure in (False, True):
        first = given[names[0]].clone().requires_grad_()
        with masking.trusted(sure):
            value = loss(**given | {names[0]: first})[0]
        value.backward()
        found.append((value.detach(), first.grad))
    torch.testing.assert_close(found[0], found[1])
    given[names[0]][0, 0] = float("nan")
    with masking.trusted():
        assert loss(**given)[0].isnan()
    with pytest.raises(ValueError, match="row 0 holds nan"):
        loss(**given)


def test_trust_ends_with_its_block_also_after_an_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"), masking.trusted():
        int("no number")
    assert not masking.is_trusted()
