import pytest
import torch

from plaudit.agents.advantages.gae import gae
from plaudit.agents.advantages.macro_actions import n_gram
from plaudit.agents.advantages.macro_gae import macro_gae

ALL = torch.ones(1, 4, dtype=torch.bool)
REWARDS = torch.tensor([[0.0, 1.0, 0.0, 2.0]])
VALUES = torch.tensor([[0.5, 9.0, 1.0, -9.0]])
PAIRS = torch.tensor([[3, 3, 5, 5]])


def test_two_macro_actions_by_hand() -> None:
    advantages, returns = macro_gae(REWARDS, VALUES, ALL, PAIRS, lam=0.5)
    # A_1 = 2 - 1 = 1; A_0 = 1 + 1 - 0.5 + 0.5 * 1 = 2.
    assert advantages.tolist() == [[2.0, 2.0, 1.0, 1.0]]
    assert returns.tolist() == [[2.5, 2.5, 2.0, 2.0]]


def test_a_cut_row_goes_on_with_its_last_value() -> None:
    found, _ = macro_gae(REWARDS, VALUES, ALL, PAIRS, lam=0.5, last_value=torch.tensor([2.0]))
    assert found.tolist() == [[3.0, 3.0, 3.0, 3.0]]  # A_1 = 2 + 2 - 1; A_0 = 1.5 + 0.5 * 3


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (0.99, 0.0), (1.0, 1.0)])
def test_macro_actions_of_one_token_equal_gae(gamma: float, lam: float) -> None:
    rng = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(2, 5, 12, generator=rng)
    mask = torch.rand(5, 12, generator=rng) < 0.6
    beyond = torch.randn(5, generator=rng)
    found = macro_gae(
        rewards, values, mask, n_gram(mask, 1), last_value=beyond, gamma=gamma, lam=lam
    )
    expected = gae(rewards, values, mask, last_value=beyond, gamma=gamma, lam=lam)
    for tensor, other in zip(found, expected, strict=True):
        torch.testing.assert_close(tensor, other, atol=1e-7, rtol=0)


def test_one_macro_action_for_the_answer_is_a_bandit() -> None:
    found, returns = macro_gae(REWARDS, VALUES, ALL, n_gram(ALL, 4), gamma=0.3, lam=0.2)
    assert found.tolist() == [[2.5] * 4]  # score 3 minus value 0.5
    assert returns.tolist() == [[3.0] * 4]


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="macros: row 0 goes from 5 back to 3 at position 2"):
        macro_gae(REWARDS, VALUES, ALL, PAIRS.flip(1))
    with pytest.raises(TypeError, match=r"macros: expected torch\.int64, got torch\.int32"):
        macro_gae(REWARDS, VALUES, ALL, PAIRS.int())
