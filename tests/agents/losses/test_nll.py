import pytest
import torch

from plaudit.agents.losses.nll import nll

RAGGED = torch.tensor([[True, True], [True, False]])
LOGP = torch.tensor([[-1.0, -2.0], [-6.0, float("nan")]])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 3.0),  # (1 + 2 + 6) / 3
        ({"aggregation": "sequence_mean"}, 3.75),  # (1.5 + 6) / 2
        ({"aggregation": "sequence_sum_mean"}, 4.5),  # (3 + 6) / 2
        ({"aggregation": "fixed_length_mean", "length": 3}, 1.5),  # 4.5 / 3
    ],
)
def test_each_average_by_hand(settings: dict[str, object], expected: float) -> None:
    assert nll(LOGP, RAGGED, **settings)[0].item() == expected


def test_weights_of_rows_and_of_positions() -> None:
    # The mean stays one over three positions.
    assert nll(LOGP, RAGGED, weights=torch.tensor([0.0, 1.0]))[0].item() == 2.0  # 6 / 3
    each = torch.tensor([[3.0, 0.0], [0.5, 7.0]])
    assert nll(LOGP, RAGGED, weights=each)[0].item() == 2.0  # (3 * 1 + 0.5 * 6) / 3


def test_its_minimum_is_the_distribution_of_the_data() -> None:
    # Token 0 three times, token 1 once: the policy (3/4, 1/4) has no gradient.
    logits = torch.tensor([0.75, 0.25], dtype=torch.float64).log().requires_grad_()
    logp = logits.log_softmax(dim=0)[torch.tensor([[0], [0], [1], [0]])]
    nll(logp, torch.ones(4, 1, dtype=torch.bool))[0].backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-12


def test_the_figure_is_unweighted() -> None:
    _, stats = nll(LOGP, RAGGED, weights=torch.zeros(2))
    assert stats["logp"] == -3.0
    assert stats["empty_rows"] == 0
