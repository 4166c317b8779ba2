import pytest
import torch

from plaudit.agents.advantages.gae import gae

REWARDS = torch.tensor([[0.0, 0.0, 1.0]])
VALUES = torch.tensor([[0.5, 0.5, 0.5]])
ALL = torch.ones(1, 3, dtype=torch.bool)


def test_a_terminated_row_by_hand() -> None:
    advantages, returns = gae(REWARDS, VALUES, ALL, lam=0.5)
    # delta = 0 + 0.5 - 0.5, 0 + 0.5 - 0.5, 1 + 0 - 0.5 = 0, 0, 0.5; each step back halves.
    assert advantages.tolist() == [[0.125, 0.25, 0.5]]
    assert returns.tolist() == [[0.625, 0.75, 1.0]]


def test_a_row_that_was_cut_goes_on_with_its_last_value() -> None:
    advantages, _ = gae(REWARDS, VALUES, ALL, lam=0.5, last_value=torch.tensor([1.0]))
    # The last delta is 1 + 1 - 0.5 = 1.5.
    assert advantages.tolist() == [[0.375, 0.75, 1.5]]


def test_masked_tokens_are_passed_over_wherever_they_lie() -> None:
    mask = torch.tensor([[True, False, True, False]])
    advantages, returns = gae(
        torch.tensor([[0.0, 7.0, 1.0, 7.0]]),
        torch.tensor([[0.5, 9.0, 0.5, 9.0]]),
        mask,
        gamma=0.5,
        lam=1.0,
    )
    # delta_2 = 1 - 0.5 = 0.5; delta_0 = 0 + 0.5 * 0.5 - 0.5 = -0.25; A_0 = -0.25 + 0.5 * 0.5 = 0.
    assert advantages.tolist() == [[0.0, 0.0, 0.5, 0.0]]
    assert returns.tolist() == [[0.5, 0.0, 1.0, 0.0]]


def test_padding_after_the_end_leaves_the_last_value_in_force() -> None:
    mask = torch.tensor([[True, False]])
    zeros = torch.zeros(1, 2)
    advantages, _ = gae(zeros, zeros, mask, gamma=0.9, last_value=torch.tensor([2.0]))
    assert advantages[0, 0].item() == pytest.approx(1.8)  # 0 + 0.9 * 2 - 0


def test_with_lambda_one_the_returns_are_those_to_go_whatever_the_critic_says() -> None:
    rewards, values = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(6) < torch.tensor([[6], [2], [4]])
    _, returns = gae(rewards, values, mask, gamma=0.9, lam=1.0)
    for row, length in enumerate((6, 2, 4)):
        to_go = 0.0
        for t in reversed(range(length)):
            to_go = rewards[row, t].item() + 0.9 * to_go
            assert returns[row, t].item() == pytest.approx(to_go, abs=1e-5)


def test_with_lambda_zero_only_the_next_step_counts() -> None:
    advantages, _ = gae(REWARDS, torch.tensor([[1.0, 3.0, 2.0]]), ALL, lam=0.0)
    assert advantages.tolist() == [[2.0, -1.0, -1.0]]  # 3 - 1, 2 - 3, 1 - 2


@pytest.mark.parametrize(("name", "value"), [("gamma", 1.1), ("lam", -0.1), ("lam", float("nan"))])
def test_discounts_outside_zero_to_one_raise(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must lie in \[0, 1\], got {value}"):
        gae(REWARDS, VALUES, ALL, **{name: value})


def test_nothing_flows_over_the_end_of_an_episode() -> None:
    ends = torch.tensor([[False, True, False]])
    advantages, _ = gae(REWARDS, VALUES, ALL, ends=ends, last_value=torch.tensor([1.0]), lam=0.5)
    # Third: 1 + 1 - 0.5 = 1.5. Second, an end: 0 - 0.5. First: 0 + 0.5 - 0.5 + 0.5 * -0.5.
    assert advantages.tolist() == [[-0.25, -0.5, 1.5]]


def test_a_row_of_several_episodes_equals_a_row_for_each() -> None:
    rng = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(2, 1, 9, generator=rng)
    mask = torch.tensor([[True, True, False, True, True, False, False, True, True]])
    # The second end lies on an observation.
    ends = torch.tensor([[False, False, False, True, False, False, True, False, False]])
    beyond = torch.tensor([0.3])
    together = gae(rewards, values, mask, ends=ends, last_value=beyond, gamma=0.9)
    for start, stop, last in ((0, 4, None), (4, 7, None), (7, 9, beyond)):
        piece = slice(start, stop)
        alone = gae(rewards[:, piece], values[:, piece], mask[:, piece], last_value=last, gamma=0.9)
        for found, expected in zip(together, alone, strict=True):
            torch.testing.assert_close(found[:, piece], expected)


def test_a_time_limit_folded_into_the_reward_equals_a_row_that_was_cut() -> None:
    ends = torch.tensor([[False, False, True]])
    folded = REWARDS + torch.tensor([[0.0, 0.0, 0.9 * 2.0]])  # gamma times the value beyond
    found, _ = gae(folded, VALUES, ALL, ends=ends, last_value=torch.tensor([7.0]), gamma=0.9)
    expected, _ = gae(REWARDS, VALUES, ALL, last_value=torch.tensor([2.0]), gamma=0.9)
    torch.testing.assert_close(found, expected)


def test_ends_of_integers_raise() -> None:
    with pytest.raises(TypeError, match=r"^ends: expected torch\.bool, got torch\.int64"):
        gae(REWARDS, VALUES, ALL, ends=ALL.long())
