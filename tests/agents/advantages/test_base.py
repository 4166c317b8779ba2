import pytest
import torch

from plaudit.agents.advantages import base

MASK = torch.tensor([[True, False, True, True], [False, True, True, False]])


def test_the_next_chosen_position_is_found_and_the_width_where_there_is_none() -> None:
    assert base.next_chosen(MASK).tolist() == [[2, 2, 3, 4], [1, 2, 4, 4]]


def test_runs_are_neighbours_with_equal_numbers_of_one_row() -> None:
    numbers = torch.tensor([[0, 9, 0, 1], [-9, 1, 2, -9]])
    found = base.runs("turns", numbers, MASK)
    # Row 0: positions 0 and 2, then 3. Row 1 begins anew although its number is that before it.
    assert found.index.tolist() == [0, 0, 1, 2, 3]
    assert found.first.tolist() == [[True, False, False, True], [False, True, True, False]]
    assert found.last.tolist() == [[False, False, True, True], [False, True, True, False]]


def test_numbers_that_fall_along_a_row_raise_naming_it() -> None:
    numbers = torch.tensor([[0, 0, 1, 1], [0, 4, 3, 0]])
    with pytest.raises(ValueError, match="turns: row 1 goes from 4 back to 3 at position 2"):
        base.runs("turns", numbers, MASK)
    with pytest.raises(TypeError, match=r"turns: expected torch\.int64, got torch\.float32"):
        base.runs("turns", numbers.float(), MASK)


def test_a_weighted_mean_still_lets_equal_scores_deviate_by_exactly_zero() -> None:
    scores, groups = torch.full((7,), 0.1), torch.zeros(7, dtype=torch.int64)
    weights = torch.arange(1.0, 8.0)
    assert base.grouped(scores, groups, weights=weights).deviation.tolist() == [0.0] * 7


def test_a_bad_number_is_named_with_its_row() -> None:
    with pytest.raises(ValueError, match="x: row 1 is inf"):
        base.require_finite("x", torch.tensor([[1.0, 2.0], [3.0, float("inf")]]))
