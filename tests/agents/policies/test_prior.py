import numpy as np
import pytest
import torch

from plaudit.agents.policies.prior import NgramPrior

UNIFORM = np.log(np.full((9, 2), 0.5))  # V = 2, order 3: (2 + 1) ** 2 = 9 contexts


def test_the_most_recent_token_is_the_least_significant():
    table = np.log(np.linspace(0.1, 0.9, 9))
    prior = NgramPrior(np.stack([table, np.log1p(-np.exp(table))], 1), order=3)
    # context (1, 0): 1 * 3 + 0 = row 3; (nothing, 1) = (2, 1): 2 * 3 + 1 = row 7
    rows = prior(torch.tensor([[1, 0], [2, 1]]))
    torch.testing.assert_close(rows.exp()[:, 0], torch.tensor([0.4, 0.8]))


def test_windows_begin_with_nothing_and_ignore_padding():
    prior = NgramPrior(UNIFORM)
    ids, mask = torch.tensor([[0, 1, 0]]), torch.tensor([[False, True, True]])
    expected = [[[2, 2], [2, 2], [2, 1], [1, 0]]]
    assert prior.windows(ids, mask).tolist() == expected


def test_shifted_is_the_next_window():
    prior = NgramPrior(UNIFORM)
    assert prior.shifted(torch.tensor([[2, 1]]), torch.tensor([0])).tolist() == [[1, 0]]


def test_a_unigram_has_one_context():
    prior = NgramPrior(np.log([[0.25, 0.75]]))
    window = prior.windows(torch.tensor([[0, 1]]), torch.ones(1, 2, dtype=torch.bool))[:, -1]
    assert prior.order == 1
    torch.testing.assert_close(prior(window).exp(), torch.tensor([[0.25, 0.75]]))


def test_the_order_is_read_off_the_shape():
    assert NgramPrior(UNIFORM).order == 3


@pytest.mark.parametrize(
    ("table", "order", "message"),
    [
        (np.zeros(3), None, "shape"),
        (np.log(np.full((8, 2), 0.5)), None, "rows, got 8"),
        (UNIFORM, 2, "needs 3 rows, got 9"),
        (np.log(np.full((3, 2), 0.4)), None, "row 0 sums to 0.8"),
        (np.full((3, 2), np.nan), None, "row 0 sums to nan"),
    ],
)
def test_a_table_that_is_no_ngram_model_is_refused(table, order, message):
    with pytest.raises(ValueError, match=message):
        NgramPrior(table, order)
