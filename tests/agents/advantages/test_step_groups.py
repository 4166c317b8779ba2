import pytest
import torch

from plaudit.agents.advantages.group import group
from plaudit.agents.advantages.step_groups import step_groups

ALL = torch.ones(2, 2, dtype=torch.bool)
REWARDS = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
ONE, TWO = torch.tensor([4, 4]), torch.tensor([4, 5])
TURNS = torch.tensor([[0, 1], [0, 1]])
STATES = torch.tensor([[5, 6], [5, 7]])


def test_two_rows_that_part_after_a_shared_state_by_hand() -> None:
    found = step_groups(REWARDS, ALL, ONE, TURNS, STATES, weight=2.0, gamma=0.5, std="none")
    # Scores 1 and 0: +-0.5. Returns from state 5 on are 0.5 * 1 and 0: +-0.25, twice; states 6
    # and 7 were seen once: 0.
    assert found.tolist() == [[1.0, 0.5], [-1.0, -0.5]]


def test_with_std_both_parts_are_divided_by_their_own_spread() -> None:
    found = step_groups(REWARDS, ALL, ONE, TURNS, STATES, gamma=0.5)
    # Unbiased deviations of 1, 0 and of 0.5, 0: sqrt(0.5) and sqrt(0.125).
    episode, step = 0.5 / (0.5**0.5 + 1e-4), 0.25 / (0.125**0.5 + 1e-4)
    expected = torch.tensor([[episode + step, episode], [-episode - step, -episode]])
    torch.testing.assert_close(found, expected)


def test_the_same_state_in_another_group_is_not_compared() -> None:
    found = step_groups(REWARDS, ALL, TWO, TURNS, STATES, std="none")
    assert found.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_state_seen_again_in_the_same_row_is_compared_with_itself() -> None:
    states = torch.tensor([[5, 5], [6, 7]])
    found = step_groups(REWARDS, ALL, TWO, TURNS, states, gamma=0.5, std="none")
    assert found.tolist() == [[-0.25, 0.25], [0.0, 0.0]]  # returns 0.5 and 1, mean 0.75


def test_all_tokens_of_a_turn_get_its_credit_and_its_state_is_that_at_its_first_token() -> None:
    mask = torch.tensor([[True, True, False, True], [True, False, False, True]])
    rewards = torch.tensor([[0.0, 0.0, 9.0, 1.0], [0.0, 9.0, 9.0, 0.0]])
    turns = torch.tensor([[0, 0, -9, 1], [0, -9, -9, 1]])
    states = torch.tensor([[5, 99, 5, 6], [5, 5, 5, 7]])
    found = step_groups(rewards, mask, ONE, turns, states, gamma=0.5, std="none")
    assert found.tolist() == [[0.75, 0.75, 0.0, 0.5], [-0.75, 0.0, 0.0, -0.5]]


def test_without_the_turns_part_it_is_the_group_advantage_of_the_scores() -> None:
    rewards = torch.randn(2, 2, generator=torch.Generator().manual_seed(0))
    found = step_groups(rewards, ALL, ONE, TURNS, STATES, weight=0.0)
    expected = group(rewards.sum(dim=1), ONE).unsqueeze(1).expand(2, 2)
    torch.testing.assert_close(found, expected)


def test_a_failed_row_enters_no_mean_and_gets_zero() -> None:
    mask = torch.cat([ALL, torch.zeros(1, 2, dtype=torch.bool)])
    three = [torch.cat([x, x[:1]]) for x in (REWARDS, ONE, TURNS, STATES)]
    found = step_groups(three[0], mask, *three[1:], gamma=0.5, std="none")
    assert found.tolist() == [[0.75, 0.5], [-0.75, -0.5], [0.0, 0.0]]


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="weight must be finite and at least 0, got -1"):
        step_groups(REWARDS, ALL, ONE, TURNS, STATES, weight=-1)
    with pytest.raises(ValueError, match="std must be one of group, batch, none, got 'row'"):
        step_groups(REWARDS, ALL, ONE, TURNS, STATES, std="row")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"states: expected torch\.int64, got torch\.float32"):
        step_groups(REWARDS, ALL, ONE, TURNS, STATES.float())
