import pytest
import torch

from plaudit.agents.advantages.filters import Strategy, by_reliability, by_variance

# Group 7 spreads by 2, group 3 not at all, group 5 by 8, group 9 has one row.
GROUPS = torch.tensor([7, 5, 3, 7, 5, 3, 9])
SCORES = torch.tensor([1.0, 0.0, 4.0, 3.0, 8.0, 4.0, 2.0])
ONE = torch.zeros(6, dtype=torch.int64)
SIX = torch.tensor([3.0, 9.0, 1.0, 7.0, 5.0, 0.0])


def rows(kept: torch.Tensor) -> list[int]:
    return [int(row) for row in kept.nonzero()[:, 0]]


def test_the_most_spread_groups_are_kept_whole() -> None:
    assert rows(by_variance(SCORES, GROUPS, keep=0.25)) == [1, 4]
    assert rows(by_variance(SCORES, GROUPS, keep=0.3)) == [0, 1, 3, 4]  # 1.2 groups, rounded up


def test_a_large_group_is_not_more_spread_for_its_size() -> None:
    # Squares add up to 8 and 13.5, standard deviations are sqrt(8 / 1) and sqrt(13.5 / 5).
    scores = torch.tensor([0.0, 4.0, 0.0, 3.0, 0.0, 3.0, 0.0, 3.0])
    groups = torch.tensor([0, 0, 1, 1, 1, 1, 1, 1])
    assert rows(by_variance(scores, groups, keep=0.5)) == [0, 1]


def test_groups_without_spread_go_even_where_there_is_room() -> None:
    assert rows(by_variance(SCORES, GROUPS, keep=1.0)) == [0, 1, 3, 4]
    assert rows(by_variance(SCORES, GROUPS, keep=1.0, drop_zero=False)) == list(range(7))
    assert rows(by_variance(torch.full((3,), 0.1), ONE[:3])) == []


@pytest.mark.parametrize(
    ("strategy", "keep", "kept"),
    [
        ("best", 1, [1]),
        ("best", 3, [1, 3, 4]),
        ("best_worst", 2, [1, 5]),
        ("best_worst", 3, [1, 3, 5]),
        ("best_worst", 9, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_the_ends_of_the_scale_are_relied_on(
    strategy: Strategy, keep: int, kept: list[int]
) -> None:
    assert rows(by_reliability(SIX, ONE, strategy=strategy, keep=keep)) == kept


def test_best_random_keeps_the_best_and_each_other_equally_often() -> None:
    rng = torch.Generator().manual_seed(0)
    draws = torch.stack([by_reliability(SIX, ONE, keep=2, rng=rng) for _ in range(2000)])
    assert (draws.sum(dim=1) == 2).all()
    assert draws[:, 1].all()
    others = draws[:, [0, 2, 3, 4, 5]].float().mean(dim=0)
    # 2000 draws at 1/5: a standard deviation of sqrt(0.16 / 2000) = 0.009; five of them.
    assert ((others - 0.2).abs() < 0.045).all()


def test_each_group_keeps_its_own_rows_and_small_ones_are_whole() -> None:
    groups = torch.tensor([0, 1, 0, 1, 0, 2])
    assert rows(by_reliability(SIX, groups, strategy="best", keep=2)) == [0, 1, 3, 4, 5]
    assert rows(by_reliability(SIX, groups, strategy="best_worst")) == [1, 2, 3, 4, 5]


def test_of_equal_scores_the_earlier_row_counts_as_higher() -> None:
    assert rows(by_reliability(torch.zeros(4), ONE[:4], strategy="best_worst")) == [0, 3]


def test_bad_arguments_raise() -> None:
    with pytest.raises(ValueError, match=r"keep must lie in \(0, 1\], got 0"):
        by_variance(SCORES, GROUPS, keep=0)
    with pytest.raises(ValueError, match="scores: row 2 is nan"):
        by_variance(torch.tensor([1.0, 2.0, float("nan")]), ONE[:3])
    with pytest.raises(ValueError, match="strategy must be one of best, best_worst, best_random"):
        by_reliability(SIX, ONE, strategy="worst")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="keep must be at least 1 row per group, got 0"):
        by_reliability(SIX, ONE, keep=0)
    with pytest.raises(ValueError, match="'best_random' draws: give it rng"):
        by_reliability(SIX, ONE)
