import pytest
import torch

from plaudit.agents.advantages.macro_actions import given, n_gram, perplexity

MASK = torch.tensor([[True, True, False, True, True, True], [False] * 6])
NONE = [-1] * 6


def test_n_grams_count_chosen_positions() -> None:
    assert n_gram(MASK, 2).tolist() == [[0, 0, -1, 1, 1, 2], NONE]


def test_n_grams_of_one_are_tokens_and_large_ones_whole_rows() -> None:
    assert n_gram(MASK, 1).tolist() == [[0, 1, -1, 2, 3, 4], NONE]
    assert n_gram(MASK, 6).tolist() == [[0, 0, -1, 0, 0, 0], NONE]


def test_given_starts_begin_a_macro_action_and_so_does_the_first_position() -> None:
    starts = torch.tensor([[False, True, True, False, True, False]] * 2)
    # The start on the masked position 2 is not read.
    assert given(starts, MASK).tolist() == [[0, 1, -1, 1, 2, 2], NONE]
    gap = torch.tensor([[False, True, False, True]])
    assert given(torch.zeros_like(gap), gap).tolist() == [[-1, 0, -1, 0]]


def test_a_token_more_surprising_than_the_one_before_begins_a_macro_action() -> None:
    logp = torch.tensor([[-1.0, -0.5, float("nan"), -2.0, -2.0, -2.5]] * 2)
    # -logp goes 1, 0.5, (masked), 2, 2, 2.5: it rises from 0.5 to 2 and from 2 to 2.5.
    assert perplexity(logp, MASK).tolist() == [[0, 0, -1, 1, 1, 2], NONE]
    assert perplexity(logp, MASK, rise=0.5).tolist() == [[0, 0, -1, 1, 1, 1], NONE]


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        n_gram(MASK, 0)
    with pytest.raises(TypeError, match=r"starts: expected torch\.bool, got torch\.int64"):
        given(MASK.long(), MASK)
    with pytest.raises(ValueError, match="rise must be at least 0 nats, got nan"):
        perplexity(torch.zeros(2, 6), MASK, rise=float("nan"))
    with pytest.raises(ValueError, match="logp: row 0 holds -inf at position 0"):
        perplexity(torch.full((2, 6), -float("inf")), MASK)
