import re

import numpy as np
import pytest

from plaudit.feedback.delays import check_delay, draw_delay


def drawn(delay, whole, count=4000):
    rng = np.random.default_rng(0)
    return np.array([draw_delay(delay, rng, whole=whole) for _ in range(count)])


@pytest.mark.parametrize("whole", [True, False])
def test_a_number_is_a_constant(whole):
    assert set(drawn(3, whole, 9)) == {3}


def test_a_uniform_delay_reaches_both_ends_equally_often():
    counts = np.bincount(drawn([2, 5], True))
    # 4000 / 4 = 1000 each, standard deviation 27
    np.testing.assert_allclose(counts, [0, 0, 1000, 1000, 1000, 1000], atol=110)


def test_a_gamma_delay_counts_whole_ticks_or_is_a_time():
    law = {"shape": 2.0, "scale": 30.0}
    # mean 2 * 30 = 60, in whole ticks half a tick less; standard deviation 42, of the mean 0.7
    assert drawn(law, False).mean() == pytest.approx(60.0, abs=3.0)
    np.testing.assert_array_equal(drawn(law, True), np.floor(drawn(law, False)))


def test_a_time_may_be_broken_and_numbers_become_python_s_own():
    assert check_delay((np.float32(0.5), 2), whole=False) == [0.5, 2.0]
    assert type(check_delay(np.int64(2), whole=True)) is int


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (2.5, "delay must be an integer of at least 0 or [least, most] or {'shape'"),
        ("1", "delay must be an integer of at least 0 or [least, most] or {'shape'"),
        (-1, "delay must be an integer of at least 0"),
        ([1, 2, 3], "delay must be 2 numbers of at least 0, got [1, 2, 3]"),
        ([0, None], "delay[1] must be an integer of at least 0, got None"),
        ([4, 3], "delay must be [least, most] in this order, got [4, 3]"),
        ({"shape": 2.0}, "a gamma delay is {'shape': ..., 'scale': ...}"),
        ({"shape": 2.0, "scale": 0.0}, "delay['scale'] must be a finite number above 0"),
    ],
)
def test_what_is_no_delay_is_refused(delay, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_delay(delay, whole=True)
