import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Mark, Rate
from plaudit.feedback.teachers.noises import Anchoring, DropOut, Fatigue
from plaudit.feedback.teachers.noises.base import Memory, Odds
from tests.feedback.teachers.noises.situations import situation


def test_an_anchor_pulls_towards_the_mean_of_the_latest():
    # mean of 1 and 3 is 2: 0.75 * 6 + 0.25 * 2 = 5
    here = situation(Rate(3), [6.0], memory=Memory(recent=(1.0, 3.0)))
    np.testing.assert_allclose(Anchoring(0.25).utilities(here.utilities, here), [5.0])


def test_an_anchor_needs_something_remembered_and_a_question_about_segments():
    for here in (
        situation(Compare(), [6.0, 0.0]),
        situation(Mark(2), [6.0, 0.0], memory=Memory(recent=(1.0,))),
    ):
        np.testing.assert_array_equal(Anchoring(0.25).utilities(here.utilities, here), [6.0, 0.0])


def test_fatigue_halves_rationality_every_so_many_questions():
    # exp(-ln(2) / 10 * 20) = 1 / 4
    fatigue = Fatigue(np.log(2) / 10)
    assert fatigue.rationality(Memory()) == 1.0
    assert fatigue.rationality(Memory(answered=20)) == pytest.approx(0.25)
    assert fatigue.rationality(Memory(answered=10**6)) > 0.0


@pytest.mark.parametrize(("answered", "skip"), [(2, 0.0), (3, 1.0), (9, 1.0)])
def test_who_has_dropped_out_skips_everything(answered, skip):
    here = situation(Compare(), memory=Memory(answered=answered))
    assert DropOut(3).odds(Odds((np.array([1.0, 0.0]),)), here).skip == skip


def test_the_time_of_leaving_is_geometric_and_everybodys_own():
    first = DropOut(rate=0.2)
    leaving = [first.another(seed).after for seed in range(2000)]
    # mean 1 / 0.2 = 5, standard deviation sqrt(0.8) / 0.2 = 4.47, of the mean of 2000 0.1
    assert np.mean(leaving) == pytest.approx(5.0, abs=0.4)
    assert min(leaving) == 1
    assert DropOut(rate=0.2, seed=5) == first.another(5) != first.another(6)
    assert DropOut(7).another(5) == DropOut(7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Anchoring(1.1), r"weight must be a number in 0\.\.1, got 1\.1"),
        (lambda: Fatigue(-0.1), "rate must be a finite number of at least 0, got -0.1"),
        (lambda: DropOut(), "DropOut needs after, or a rate above 0; got rate=None"),
        (lambda: DropOut(rate=1.5), r"rate must be a number in 0\.\.1"),
        (lambda: DropOut(-1), "after must be an integer of at least 0, got -1"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
