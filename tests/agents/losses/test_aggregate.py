import pytest
import torch

from plaudit.agents.losses.aggregate import AGGREGATIONS, aggregate

# Three tokens, one token (what is masked may hold anything), and a row without any.
NAN = float("nan")
VALUES = torch.tensor([[1.0, 2.0, 3.0], [4.0, NAN, 9.0], [5.0, 5.0, 5.0]])
MASK = torch.tensor([[True, True, True], [True, False, False], [False, False, False]])


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("token_mean", None, 2.5),  # (1 + 2 + 3 + 4) / 4
        ("sequence_mean", None, 3.0),  # (6 / 3 + 4 / 1) / 2; the empty row is not a row
        ("sequence_sum_mean", None, 5.0),  # (6 + 4) / 2
        ("fixed_length_mean", 4, 1.25),  # (6 / 4 + 4 / 4) / 2
    ],
)
def test_each_average_by_hand(name: str, length: int | None, expected: float) -> None:
    assert aggregate(name, length=length)(VALUES, MASK).item() == expected


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_masked_tokens_get_exactly_zero_gradient(name: str) -> None:
    values = VALUES.clone().requires_grad_()
    length = 4 if name == "fixed_length_mean" else None
    aggregate(name, length=length)(values, MASK).backward()
    assert values.grad is not None
    assert (values.grad[~MASK] == 0).all()
    assert (values.grad[MASK] > 0).all()


def test_an_unknown_name_raises_with_the_nearest() -> None:
    with pytest.raises(
        KeyError, match="unknown aggregation 'token_men'; did you mean 'token_mean'"
    ):
        aggregate("token_men")


def test_a_length_is_needed_by_one_average_and_refused_by_the_others() -> None:
    with pytest.raises(ValueError, match="length=None with aggregation 'fixed_length_mean'"):
        aggregate("fixed_length_mean")
    with pytest.raises(ValueError, match="length=8 with aggregation 'token_mean'"):
        aggregate("token_mean", length=8)
    with pytest.raises(ValueError, match="length must be at least 1 token, got 0"):
        aggregate("fixed_length_mean", length=0)(VALUES, MASK)


def test_a_batch_that_is_all_masked_raises() -> None:
    with pytest.raises(ValueError, match="no position is selected"):
        aggregate("sequence_mean")(VALUES, torch.zeros_like(MASK))
