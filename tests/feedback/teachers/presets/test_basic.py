import re

import numpy as np
import pytest

from plaudit import feedback
from tests.feedback.teachers.presets.pairs import (
    compare,
    longtailed,
    shares,
    skewed,
    warmed,
)


@pytest.mark.parametrize("returns", [skewed, longtailed])
def test_agreement_is_met_on_fresh_pairs_within_a_point(returns):
    teacher = warmed(feedback.make("boltzmann", agreement=0.75), returns)
    assert shares(teacher, returns)[0] == pytest.approx(0.75, abs=0.01)


def test_a_noisy_persons_agreement_is_that_of_the_answers_meant():
    # 0.9 * 0.75 + 0.1 * 0.25 = 0.70 of those given
    teacher = warmed(feedback.make("noisy_person", agreement=0.75), skewed)
    assert shares(teacher, skewed)[0] == pytest.approx(0.7, abs=0.01)


def test_the_noisy_person_by_hand():
    # meant: sigmoid(ln 3) = 0.75; mistakes: 0.9 * 0.75 + 0.1 * 0.25 = 0.70; skips: * 0.98 = 0.686
    probs = feedback.make("noisy_person").probs(compare(np.log(3.0), 0.0))
    np.testing.assert_allclose(probs, [0.686, 0.294, 0.02])


@pytest.mark.parametrize("hidden", [None, np.nan])
def test_coin_flip_answers_alike_where_the_truth_is_hidden(hidden):
    seen = feedback.make("coin_flip", seed=1).answer([compare(1, 0)] * 50)
    unseen = feedback.make("coin_flip", seed=1).answer([compare(hidden, hidden)] * 50)
    assert seen == unseen


def test_other_teachers_refuse_hidden_truth():
    with pytest.raises(ValueError, match="full_view needs the true rewards"):
        feedback.make("oracle").answer([compare(None, 0.0)])


def test_an_unknown_teacher_is_answered_with_the_nearest_name():
    with pytest.raises(KeyError, match="unknown teacher 'boltzman'; did you mean 'boltzmann'"):
        feedback.make("boltzman")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("boltzmann", {"beta": "1"}, "beta must be a finite number of at least 0, got '1'"),
        ("boltzmann", {"agreement": "0.8"}, "agreement must be a finite number, got '0.8'"),
        ("boltzmann", {"spread": True}, "spread must be a finite number above 0, got True"),
        ("boltzmann", {"seed": "x"}, "seed must be an integer of at least 0, got 'x'"),
        ("oracle", {"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ("oracle", {"gamma": None}, "gamma must be a number above 0 and at most 1, got None"),
        ("noisy_person", {"mistake": "no"}, "Mistake: rate must be a number in 0..1, got 'no'"),
        ("crowd", {"annotators": 2.5}, "annotators must be an integer of at least 1, got 2.5"),
        ("crowd", {"seed": 1.5}, "seed must be an integer of at least 0, got 1.5"),
        ("thurstone", {"sd": "1"}, "sd must be a finite number above 0, got '1'"),
        ("tired", {"leaves_after": 2.5}, "after must be an integer of at least 0, got 2.5"),
        ("verbose", {"weight": "1"}, "weight must be a finite number, got '1'"),
        ("bpref_skip", {"eps": "1"}, "share must be a finite number above 0, got '1'"),
        ("bpref_oracle", {"as_released": "yes"}, "as_released must be True or False, got 'yes'"),
        (
            "boltzmann",
            {"agreement": 0.8, "reference_returns": "ab"},
            "reference_returns must be a list of 1 or more numbers",
        ),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(name, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        feedback.make(name, **settings)
