import pytest
import torch

from plaudit.agents.advantages.group_weights import adapt, kl_coefficients, weigh

HALVES = torch.tensor([0.5, 0.5])
GROUPS = torch.tensor([0, 1, 0, 0])


def test_the_worst_group_gains_weight_by_hand() -> None:
    found = adapt(HALVES, torch.tensor([0.0, 2.0]), rate=0.5)
    # 0.5 exp(0) against 0.5 exp(1): 1 / (1 + e) = 0.2689414 and e / (1 + e).
    torch.testing.assert_close(found, torch.tensor([0.2689414, 0.7310586]))


def test_without_a_rate_nothing_moves_and_with_a_huge_one_the_worst_has_all() -> None:
    losses = torch.tensor([1.0, 3.0])
    torch.testing.assert_close(adapt(HALVES, losses, rate=0.0), HALVES)
    assert adapt(HALVES, losses, rate=1e6).tolist() == [0.0, 1.0]


def test_an_offset_of_all_losses_changes_nothing() -> None:
    losses = torch.tensor([1.0, 3.0])
    torch.testing.assert_close(adapt(HALVES, losses + 7, rate=1.0), adapt(HALVES, losses, rate=1.0))


def test_the_mean_of_weighed_values_is_the_weighted_mean_of_group_means() -> None:
    found = weigh(torch.tensor([1.0, 10.0, 2.0, 3.0]), GROUPS, torch.tensor([0.2, 0.8]))
    # Factors 0.2 * 4 / 3 and 0.8 * 4 / 1; group means 2 and 10: 0.2 * 2 + 0.8 * 10 = 8.4.
    torch.testing.assert_close(found[1], torch.tensor(32.0))
    torch.testing.assert_close(found.mean(), torch.tensor(8.4))


def test_equal_weights_of_equally_frequent_groups_change_nothing() -> None:
    values = torch.tensor([1.0, -2.0])
    assert torch.equal(weigh(values, torch.tensor([1, 0]), HALVES), values)


def test_a_heavier_group_may_move_further() -> None:
    found = kl_coefficients(torch.tensor([0.1, 0.3, 0.6]), coefficient=0.2)
    torch.testing.assert_close(found, torch.tensor([0.27, 0.21, 0.12]))  # 0.2 * (1 - w) * 3 / 2
    torch.testing.assert_close(found.mean(), torch.tensor(0.2))
    assert kl_coefficients(torch.ones(1), coefficient=0.2).tolist() == [pytest.approx(0.2)]


def test_weights_settle_where_all_groups_do_equally_badly() -> None:
    weights = HALVES
    for _ in range(300):
        # Attention lowers a group's loss: 1 - 6 w = 4 - 6 (1 - w) at w = 0.25.
        weights = adapt(weights, torch.tensor([1.0, 4.0]) - 6 * weights, rate=0.1)
    torch.testing.assert_close(weights, torch.tensor([0.25, 0.75]))


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match="weights: expected at least 0 each and 1 in all, got"):
        adapt(2 * HALVES, torch.zeros(2), rate=1.0)
    with pytest.raises(ValueError, match="losses: row 1 is nan"):
        adapt(HALVES, torch.tensor([0.0, float("nan")]), rate=1.0)
    with pytest.raises(ValueError, match="rate must be finite and at least 0, got -1"):
        adapt(HALVES, torch.zeros(2), rate=-1)
    with pytest.raises(ValueError, match="groups: row 1 is of group 2; expected 0 to 1"):
        weigh(torch.zeros(2), torch.tensor([0, 2]), HALVES)
    with pytest.raises(ValueError, match="coefficient must be finite and at least 0, got inf"):
        kl_coefficients(HALVES, coefficient=float("inf"))
