import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.teachers.noises import Delay


def test_an_answer_comes_some_ticks_late():
    rng = np.random.default_rng(0)
    assert {Delay([2, 4]).delay(rng) for _ in range(99)} == {2, 3, 4}


def test_a_trainer_s_delay_may_be_gamma_distributed():
    (noise,) = feedback.make("tamer", delay={"shape": 2.0, "scale": 1.0}).noises
    assert noise == Delay({"shape": 2.0, "scale": 1.0})


@pytest.mark.parametrize("name", ["tamer", "guide"])
def test_half_a_tick_is_refused(name):
    with pytest.raises(ValueError, match=r"delay must be an integer .* got 2\.5"):
        feedback.make(name, delay=2.5)
