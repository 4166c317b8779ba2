import pytest
import torch

from plaudit.agents.advantages.redistribute import redistribute

MASK = torch.tensor([[True, False, True], [True, True, False]])
SCORES = torch.tensor([6.0, -4.0])
WEIGHTS = torch.tensor([[1.0, 50.0, 2.0], [0.0, 0.0, 3.0]])


def test_shares_follow_the_weights_and_are_equal_where_all_are_zero() -> None:
    # 6 * 1/3 and 6 * 2/3; the second row's only weight is masked, so -4 in two halves.
    expected = torch.tensor([[2.0, 0.0, 4.0], [-2.0, -2.0, 0.0]])
    torch.testing.assert_close(redistribute(SCORES, WEIGHTS, MASK), expected)


def test_a_share_may_stay_at_the_last_chosen_position() -> None:
    expected = torch.tensor([[1.0, 0.0, 5.0], [-1.0, -3.0, 0.0]])  # 3 * 2/3 + 3; -1 - 2
    torch.testing.assert_close(redistribute(SCORES, WEIGHTS, MASK, keep=0.5), expected)
    undistributed = redistribute(SCORES, WEIGHTS, MASK, keep=1.0)
    assert undistributed.tolist() == [[0.0, 0.0, 6.0], [0.0, -4.0, 0.0]]


@pytest.mark.parametrize("scale", [1e-30, 1.0, 3e38])
@pytest.mark.parametrize("keep", [0.0, 0.3])
def test_rows_sum_to_their_scores(scale: float, keep: float) -> None:
    rng = torch.Generator().manual_seed(0)
    weights = scale * torch.rand(6, 1000, generator=rng)
    scores = 100 * torch.randn(6, generator=rng)
    mask = torch.rand(6, 1000, generator=rng) < 0.8
    found = redistribute(scores, weights, mask, keep=keep).double().sum(dim=1)
    torch.testing.assert_close(found, scores.double(), rtol=1e-6, atol=0)


def test_a_failed_row_is_paid_nothing_and_its_score_is_not_read() -> None:
    mask = torch.tensor([[False, False, False], [True, True, False]])
    found = redistribute(torch.tensor([float("nan"), -4.0]), WEIGHTS, mask)
    assert found.tolist() == [[0.0, 0.0, 0.0], [-2.0, -2.0, 0.0]]


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match=r"shares: row 0 holds -1\.0 at position 0; expected"):
        redistribute(SCORES, -WEIGHTS, MASK)
    with pytest.raises(ValueError, match=r"keep must lie in \[0, 1\], got 1.5"):
        redistribute(SCORES, WEIGHTS, MASK, keep=1.5)
