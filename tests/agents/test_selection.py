import pytest
import torch

from plaudit.agents import selection
from plaudit.agents.types import TokenBatch

SCORES = torch.tensor([1.0, 3.0, 3.0, 2.0, 5.0, 0.0])
GROUPS = torch.tensor([7, 7, 7, 2, 2, 9])


def kept(name, level, scores=SCORES, groups=GROUPS):
    return selection.rule(name)(scores, groups, level).nonzero()[:, 0].tolist()


def test_the_best_of_each_group_and_of_equal_ones_the_first():
    # group 7 scores 1, 3, 3; group 2 scores 2, 5; group 9 has one row
    assert kept("best_of", 1) == [1, 4, 5]
    assert kept("best_of", 2) == [1, 2, 3, 4, 5]
    assert kept("best_of", 9) == [0, 1, 2, 3, 4, 5]


def test_scores_on_the_threshold_are_kept():
    assert kept("above", 3) == [1, 2, 4]
    assert kept("above", 5.5) == []


def test_a_quantile_keeps_the_upper_part_of_all():
    # in order 0 1 2 3 3 5: the score in place int(0.5 * 6) = 3 is 3, in place int(0.9 * 6) = 5 is 5
    assert kept("quantile", 0.5) == [1, 2, 4]
    assert kept("quantile", 0.9) == [4]
    assert kept("quantile", 0) == kept("everything", 0) == [0, 1, 2, 3, 4, 5]
    assert kept("quantile", 1) == [4]


@pytest.mark.parametrize("name", selection.RULES)
def test_of_no_rows_none_is_kept(name):
    assert kept(name, 1, torch.zeros(0), torch.zeros(0, dtype=torch.int64)) == []


@pytest.mark.parametrize("name", selection.RULES)
def test_scores_that_are_no_numbers_are_refused(name):
    with pytest.raises(ValueError, match="scores: row 2 is nan; expected finite numbers"):
        kept(name, 1, torch.tensor([0.0, 1, torch.nan, 2, 3, 4]))
    with pytest.raises(ValueError, match="groups: axis B is 6, but 2 elsewhere"):
        kept(name, 1, torch.zeros(2))


def test_levels_out_of_range_are_refused():
    for level in (0, 1.5):
        with pytest.raises(ValueError, match=f"an integer of at least 1 answer, got {level}"):
            kept("best_of", level)
    with pytest.raises(ValueError, match=r"level of quantile must be in 0..1, got 90"):
        kept("quantile", 90)
    with pytest.raises(KeyError, match="unknown rule 'bestof'; did you mean 'best_of'"):
        selection.rule("bestof")


def test_buckets_go_by_rank_among_distinct_scores():
    # 0 1 2 3 5 have ranks 0..4; (rank * 2 / 4) rounds to 0, 0 (half to even), 1, 2 (1.5), 2
    assert selection.buckets(SCORES, 3).tolist() == [0, 2, 2, 1, 2, 0]


def test_the_best_score_is_always_in_the_highest_bucket():
    # however rare: nine failures and a success, or nine successes and a failure
    assert selection.buckets(torch.tensor([0.0] * 9 + [1.0]), 4).tolist() == [0] * 9 + [3]
    assert selection.buckets(torch.tensor([1.0] * 9 + [0.0]), 4).tolist() == [3] * 9 + [0]
    assert selection.buckets(torch.ones(3), 4).tolist() == [3, 3, 3]
    with pytest.raises(ValueError, match="count must be at least 2 buckets, got 1"):
        selection.buckets(SCORES, 1)


def test_conversations_that_heard_something_else_are_different():
    heard = torch.tensor([[True, False, True, False]] * 4)
    heard[3] = torch.tensor([True, True, True, False])
    batch = TokenBatch(
        torch.ones(4, 1, dtype=torch.int64),
        torch.ones(4, 1, dtype=torch.bool),
        torch.tensor([[2, 5, 3, 0], [2, 6, 3, 0], [2, 5, 3, 9], [2, 5, 3, 0]]),
        heard,
        torch.zeros(4, 4),
        ("length",) * 4,
    )
    # row 2 is row 0 but for padding; row 3 wrote the 5 that row 0 heard
    assert selection.first_of_each(batch).tolist() == [True, True, False, True]


def test_a_text_that_was_written_before_is_no_first():
    on, off = True, False
    batch = TokenBatch(
        torch.tensor([[9, 1], [9, 1], [2, 1], [9, 1]]),
        torch.tensor([[off, on], [off, on], [on, on], [off, on]]),
        torch.tensor([[0, 3], [0, 4], [0, 3], [0, 3]]),
        torch.tensor([[on, off], [on, off], [on, off], [on, on]]),
        torch.zeros(4, 2),
        ("length",) * 4,
    )
    # row 1 is row 0 but for padding; row 2 answers another prompt; row 3 is longer
    assert selection.first_of_each(batch).tolist() == [True, False, True, True]
