import pytest
import torch

from plaudit.agents.advantages.win_rate import win_rate

ONE = torch.zeros(3, dtype=torch.int64)
NAN = float("nan")


def test_the_share_of_rivals_of_the_same_group_that_a_row_beats() -> None:
    scores, groups = torch.tensor([3.0, 9.0, 1.0, 2.0, 8.0]), torch.tensor([0, 1, 0, 0, 1])
    assert win_rate(scores, groups).tolist() == [1.0, 1.0, 0.0, 0.5, 0.0]


def test_equal_scores_share_what_ties_say() -> None:
    scores = torch.tensor([2.0, 2.0, 1.0])
    assert win_rate(scores, ONE).tolist() == [0.75, 0.75, 0.0]  # (0.5 + 1) / 2
    assert win_rate(scores, ONE, ties=0.0).tolist() == [0.5, 0.5, 0.0]


def test_only_the_order_of_scores_matters() -> None:
    scores = torch.tensor([0.3, -2.0, 1.0])
    assert torch.equal(win_rate(scores, ONE), win_rate(scores.exp(), ONE))


def test_a_lone_row_ties_and_centred_gets_zero() -> None:
    assert win_rate(torch.tensor([5.0]), ONE[:1]).tolist() == [0.5]
    assert win_rate(torch.tensor([5.0]), ONE[:1], centred=True).tolist() == [0.0]


def test_centred_rates_sum_to_zero_in_each_group() -> None:
    found = win_rate(torch.tensor([2.0, 2.0, 1.0]), ONE, ties=0.0, centred=True)
    torch.testing.assert_close(found, torch.tensor([1.0, 1.0, -2.0]) / 6)  # mean rate 1/3


def test_preferences_may_be_intransitive() -> None:
    stone_scissors_paper = torch.tensor([[NAN, 1.0, 0.0], [0.0, NAN, 1.0], [1.0, 0.0, NAN]])
    found = win_rate(None, ONE, preferences=stone_scissors_paper)
    assert found.tolist() == [0.5, 0.5, 0.5]


def test_preferences_across_groups_are_not_read() -> None:
    preferences = torch.tensor([[NAN, NAN, 0.75], [NAN, NAN, NAN], [0.25, 7.0, NAN]])
    found = win_rate(None, torch.tensor([0, 1, 0]), preferences=preferences)
    assert found.tolist() == [0.75, 0.5, 0.25]


def test_scores_equal_the_preferences_they_stand_for() -> None:
    scores = torch.tensor([2.0, 2.0, 1.0])
    preferences = torch.tensor([[NAN, 0.5, 1.0], [0.5, NAN, 1.0], [0.0, 0.0, NAN]])
    found = win_rate(None, ONE, preferences=preferences)
    assert torch.equal(found, win_rate(scores, ONE))


def test_bad_arguments_raise() -> None:
    half = torch.full((3, 3), 0.5)
    with pytest.raises(ValueError, match="needs scores"):
        win_rate(None, ONE)
    with pytest.raises(ValueError, match=r"preferences: row 0 beats row 1 with 1\.5"):
        win_rate(None, ONE, preferences=3 * half)
    with pytest.raises(ValueError, match="preferences: row 0 holds nan at position 1"):
        win_rate(None, ONE, preferences=NAN * half)
    with pytest.raises(ValueError, match="preferences: axis B is 2, but 3 elsewhere"):
        win_rate(None, ONE, preferences=half[:, :2])
    with pytest.raises(ValueError, match=r"ties must lie in \[0, 1\], got 2"):
        win_rate(torch.zeros(3), ONE, ties=2)
