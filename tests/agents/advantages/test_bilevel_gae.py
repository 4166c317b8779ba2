import pytest
import torch

from plaudit.agents.advantages.bilevel_gae import bilevel_gae
from plaudit.agents.advantages.gae import gae

MASK = torch.tensor([[True, True, False, True, True]])
TURNS = torch.tensor([[0, 0, -5, 1, 1]])
REWARDS = torch.tensor([[0.0, 1.0, 9.0, 0.0, 2.0]])
VALUES = torch.tensor([[0.5, 0.25, 9.0, 1.0, 0.75]])


def random_rows() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(2, 3, 7, generator=rng, dtype=torch.float64)
    mask = torch.rand(3, 7, generator=rng) < 0.7
    mask[1] = False
    return rewards, values, mask


def test_two_turns_by_hand() -> None:
    advantages, returns = bilevel_gae(REWARDS, VALUES, MASK, TURNS, gamma_turn=0.5)
    # Turns: A_1 = 2 - 1 = 1; A_0 = 1 + 0.5 * 1 - 0.5 + 0.5 * 1 = 1.5, so 1.5 + 0.5 - 1 = 1 comes
    # after turn 0. Tokens of turn 1: 2 - 0.75 = 1.25; 0.75 - 1 + 1.25 = 1.
    # Of turn 0: 1 + 1 - 0.25 = 1.75; 0.25 - 0.5 + 1.75 = 1.5.
    assert advantages.tolist() == [[1.5, 1.75, 0.0, 1.0, 1.25]]
    assert returns.tolist() == [[2.0, 2.0, 0.0, 2.0, 2.0]]


def test_lambda_inside_a_turn_weighs_only_what_lies_inside_it() -> None:
    advantages, _ = bilevel_gae(REWARDS, VALUES, MASK, TURNS, gamma_turn=0.5, lam=0.5)
    # First tokens: -0.25 + 0.5 * 1.75 = 0.625 and -0.25 + 0.5 * 1.25 = 0.375.
    assert advantages.tolist() == [[0.625, 1.75, 0.0, 0.375, 1.25]]


def test_what_follows_a_cut_row_is_a_turn_further_on() -> None:
    found, _ = bilevel_gae(
        REWARDS, VALUES, MASK, TURNS, gamma_turn=0.5, last_value=torch.tensor([4.0])
    )
    # Turn 1 earns 0.5 * 4 = 2 more, turn 0 half of that, at all their tokens.
    assert found.tolist() == [[2.5, 2.75, 0.0, 3.0, 3.25]]


def test_turns_of_one_position_equal_gae_over_turns() -> None:
    rewards, values, mask = random_rows()
    found = bilevel_gae(
        rewards, values, mask, torch.arange(7).repeat(3, 1), gamma_turn=0.9, lam_turn=0.8, lam=0.3
    )
    for tensor, expected in zip(found, gae(rewards, values, mask, gamma=0.9, lam=0.8), strict=True):
        torch.testing.assert_close(tensor, expected, atol=1e-12, rtol=0)


def test_a_row_of_one_turn_equals_gae_inside_it() -> None:
    rewards, values, mask = random_rows()
    beyond = torch.zeros(3, dtype=torch.float64)
    found = bilevel_gae(
        rewards,
        values,
        mask,
        torch.zeros(3, 7, dtype=torch.int64),
        last_value=beyond,
        gamma_turn=0.5,
        lam_turn=0.5,
        gamma=0.9,
        lam=0.8,
    )
    for tensor, expected in zip(found, gae(rewards, values, mask, gamma=0.9, lam=0.8), strict=True):
        torch.testing.assert_close(tensor, expected, atol=1e-12, rtol=0)


def test_without_discounts_turns_do_not_matter() -> None:
    rewards, values, mask = random_rows()
    turns = torch.tensor([0, 0, 1, 1, 1, 4, 4]).repeat(3, 1)
    found, _ = bilevel_gae(rewards, values, mask, turns, gamma_turn=1.0)
    torch.testing.assert_close(found, gae(rewards, values, mask, gamma=1.0, lam=1.0)[0])


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="turns: row 0 goes from 1 back to 0 at position 3"):
        bilevel_gae(REWARDS, VALUES, MASK, 1 - TURNS)
    with pytest.raises(ValueError, match=r"gamma_turn must lie in \[0, 1\], got 2"):
        bilevel_gae(REWARDS, VALUES, MASK, TURNS, gamma_turn=2)
