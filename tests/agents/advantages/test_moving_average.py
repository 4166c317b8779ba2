import pytest
import torch

from plaudit.agents.advantages.moving_average import Average, moving_average


def test_scores_are_measured_from_the_average() -> None:
    scores, average = torch.tensor([1.0, 2.0, 6.0]), torch.full((3,), 4.0)
    assert moving_average(scores, average).tolist() == [-3.0, -2.0, 2.0]


def test_a_share_of_the_average_is_taken_off() -> None:
    scores, average = torch.tensor([1.0, 6.0]), torch.full((2,), 4.0)
    # a quarter of 4 is 1; nothing of it leaves the scores as they are
    assert moving_average(scores, average, share=0.25).tolist() == [0.0, 5.0]
    assert moving_average(scores, average, share=0.0).tolist() == [1.0, 6.0]


def test_every_score_so_far_weighs_the_same() -> None:
    average = Average()
    assert average.with_scores(total=6.0, count=2) == 3.0
    assert average.with_scores(total=4.0, count=8) == 1.0  # (6 + 4) / (2 + 8)


def test_an_average_goes_on_from_a_saved_one() -> None:
    first, second = Average(), Average()
    first.with_scores(total=6.0, count=2)
    second.set_state(first.get_state())
    assert second.with_scores(total=0.0, count=1) == first.with_scores(total=0.0, count=1) == 2.0


def test_where_all_rollouts_failed_there_is_no_baseline_yet() -> None:
    average = Average()
    assert average.with_scores(0.0, 0) == 0.0
    assert average.with_scores(6.0, 2) == 3.0
    assert average.with_scores(0.0, 0) == 3.0


@pytest.mark.parametrize(("total", "count"), [(0.0, -1), (float("nan"), 3)])
def test_bad_sums_are_refused(total: float, count: int) -> None:
    with pytest.raises(ValueError, match=f"^expected scores with a finite sum, got {count} that"):
        Average().with_scores(total, count)


def test_bad_numbers_are_named() -> None:
    scores = torch.tensor([1.0, float("inf")])
    with pytest.raises(ValueError, match=r"^scores: row 1 is inf"):
        moving_average(scores, torch.zeros(2))
    with pytest.raises(ValueError, match=r"^share must lie in \[0, 1\], got 1.5"):
        moving_average(torch.zeros(2), torch.zeros(2), share=1.5)
