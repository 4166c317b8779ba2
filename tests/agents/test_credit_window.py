import numpy as np
import pytest
import torch

from plaudit.agents.credit_window import CreditWindow, lateness
from plaudit.feedback.delays import check_delay, draw_delay


def played(delay, steps, rows=1, **settings):
    window = CreditWindow(delay, **settings)
    for number in range(steps):
        window.add({"number": torch.full((rows,), number)})
    return window


def credited(window):
    """Number of each step that may have been meant -> its odds, in the first row."""
    shares, steps = window.meant()
    pairs = zip(steps["number"][:, 0].tolist(), shares[:, 0].tolist(), strict=True)
    return {number: share for number, share in pairs if share}


def test_a_constant_delay_means_one_step():
    assert credited(played(0, 5)) == {4: 1.0}
    assert credited(played(3, 5)) == {1: 1.0}


def test_a_uniform_delay_means_each_step_of_its_window_alike():
    # ages 1, 2 and 3 of the steps 0..9
    assert credited(played([1, 3], 10)) == pytest.approx({8: 1 / 3, 7: 1 / 3, 6: 1 / 3})


def test_near_the_beginning_the_steps_there_are_share_the_credit():
    assert credited(played([1, 3], 3)) == pytest.approx({1: 0.5, 0: 0.5})


def test_before_any_step_can_have_been_meant_nothing_is():
    assert credited(played(3, 2)) == {}


def test_what_an_ended_episode_held_is_not_meant_any_more():
    window = played([0, 1], 4, rows=2)
    window.end(torch.tensor([True, False]))
    window.add({"number": torch.full((2,), 4)})
    shares = window.meant().shares
    assert shares[:, 0].tolist() == [0.0, 1.0]
    assert shares[:, 1].tolist() == [0.5, 0.5]


def test_unless_judgements_are_carried_over():
    window = played(1, 4, carry=True)
    window.end(torch.tensor([True]))
    window.add({"number": torch.tensor([4])})
    assert credited(window) == {3: 1.0}


def test_shares_in_seconds_follow_the_time_that_passed():
    now = iter([0.0, 1.0, 3.0, 4.0])
    window = CreditWindow([0.0, 4.0], "seconds")
    window.seconds = lambda: next(now)
    for number in range(4):
        window.add({"number": torch.tensor([number])})
    # Heard between 3 and 4 s: 0..1 s after step 3 (not at all before: F(0) - 0 = 0), 0..1 after
    # step 2, 2..3 after step 1, 3..4 after step 0: a quarter each, of which three are left.
    assert credited(window) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})


@pytest.mark.parametrize("delay", [2, [1, 4], {"shape": 2.0, "scale": 1.5}])
def test_lateness_is_the_distribution_that_delays_are_drawn_from(delay):
    checked, rng = check_delay(delay, whole=True), np.random.default_rng(0)
    drawn = np.array([draw_delay(checked, rng, whole=True) for _ in range(4000)])
    for steps in range(-1, 8):
        # 4 standard errors of a share: 4 * 0.5 / 4000 ** 0.5 = 0.032
        expected = lateness(checked, steps, whole=True)
        assert (drawn <= steps).mean() == pytest.approx(float(expected), abs=0.032)


def test_only_steps_that_can_still_be_meant_are_remembered():
    assert len(played([1, 3], 100).get_state()["steps"]) == 4


def test_a_window_goes_on_from_its_state():
    first, second = played([1, 3], 7), CreditWindow([1, 3])
    second.set_state(first.get_state())
    for window in (first, second):
        window.add({"number": torch.tensor([7])})
    assert credited(first) == credited(second) == pytest.approx({4: 1 / 3, 5: 1 / 3, 6: 1 / 3})


def test_an_unknown_clock_is_refused():
    with pytest.raises(KeyError, match=r"unknown clock 'second'.*'seconds'"):
        CreditWindow(1, "second")
