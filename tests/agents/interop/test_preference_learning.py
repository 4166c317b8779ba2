"""Preference learning: one record says what is paid, and runs differ in that alone."""

from dataclasses import replace

import numpy as np
import pytest

from plaudit.agents.interop.preference_learning import PreferenceLearning

SMALL = PreferenceLearning(
    "plaudit/PointReach-v0",
    teacher={"name": "oracle"},
    model={"name": "bradley_terry", "members": 1, "epochs": 2, "holdout": 0.0},
    schedule={"labels": 6, "labels_per_round": 3, "segments_per_round": 10},
    clip=5,
    tuned={"steps": 10, "epochs": 1},
    rows=8,
    updates=10,
    panel=4,
)


def test_what_was_looked_at_is_counted():
    # 6 questions of 2 clips of 5 steps, of 10 updates of 10 steps of 8 rows: 60 / 800
    course = SMALL.course(1)
    assert course.looked_at == pytest.approx(0.075)
    assert course.steps == [80.0 * part for part in range(11)]
    assert -1 <= course.correlation <= 1


def test_nobody_is_asked_where_the_truth_or_always_the_same_is_paid():
    for reward in ("true", "equal"):
        course = replace(SMALL, reward=reward).course(1)
        assert course.loop is None
        assert course.looked_at == 0
        with pytest.raises(ValueError, match="nothing was learned about the reward"):
            _ = course.correlation


def test_runs_with_one_seed_begin_alike_whatever_is_paid():
    one, other = SMALL.course(3), replace(SMALL, reward="true").course(3)
    first, second = one.stages[0].played, other.stages[0].played
    np.testing.assert_array_equal(first.actions, second.actions)
    assert one.returns[0] == other.returns[0]
    assert one.returns[-1] != other.returns[-1]


def test_a_run_is_repeated_by_its_seed():
    assert SMALL.course(2).returns == SMALL.course(2).returns


def test_a_reward_that_says_nothing_correlates_with_nothing():
    # Fewer than 4 answers are learned nothing from where some are held out.
    few = {"labels": 3, "labels_per_round": 3, "segments_per_round": 10}
    model = {"name": "bradley_terry", "members": 1, "holdout": 0.15}
    assert replace(SMALL, schedule=few, model=model).course(1).correlation == 0.0


def test_an_unknown_reward_is_refused():
    with pytest.raises(ValueError, match="unknown reward 'truth'; did you mean 'true'"):
        replace(SMALL, reward="truth")
