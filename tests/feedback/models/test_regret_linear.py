import numpy as np
import pytest

from plaudit import feedback
from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.tabular import gallery
from plaudit.feedback.asks import Compare
from plaudit.feedback.models.regret_linear import successor_features
from plaudit.feedback.survey import random_segments, survey

WORLD, CORRIDOR = "plaudit/Tabular-v0", {"instance": "regret_vs_partial_return"}
CELLS = {"name": "cells", "sizes": [6], "actions_n": 2}


def fitted(teacher, **settings):
    segments = random_segments(WORLD, 100, 1, settings=CORRIDOR, length=2)
    made = {"world": WORLD, "settings": CORRIDOR, "features": CELLS, "l2": 1e-3, **settings}
    model = feedback.model("regret_linear", **made)
    return model, model.fit(survey(teacher, segments, Compare(), np.random.default_rng(0), 600))


def test_exact_odds_of_a_regret_teacher_give_the_reward_back():
    teacher = feedback.make("regret", world=WORLD, settings=CORRIDOR, beta=1.0)
    model, stats = fitted(teacher, soft=True)
    # A step costs 1, leaning on the left wall is free, the last step right pays 10 - 1.
    truth = [0.0, -1.0, *[-1.0] * 7, 9.0, 0.0, 0.0]
    np.testing.assert_allclose(model.theta, truth, atol=0.1)
    assert stats["kept"] == 1.0


def test_the_odds_under_the_true_weights_are_the_teacher_s():
    segments = random_segments(WORLD, 40, 2, settings=CORRIDOR, length=3)
    teacher = feedback.make("regret", world=WORLD, settings=CORRIDOR, beta=1.0)
    buffer = survey(teacher, segments, Compare(), np.random.default_rng(0), 30)
    truth = gallery.instance("regret_vs_partial_return").mdp.expected.ravel()
    made = {"world": WORLD, "settings": CORRIDOR, "features": CELLS, "soft": True}
    exact = feedback.model("regret_linear", temperatures=[0.0], l2=1e-12, **made)
    stats = exact.fit(buffer)
    odds = np.array([row.feedback.probs[:2] for row in buffer])
    entropy = -(odds * np.log(np.maximum(odds, 1e-300))).sum(1).mean()
    assert stats["train_nats"] >= entropy - 1e-9  # no model explains odds better than themselves
    assert len(truth) == len(exact.theta)


def test_successor_features_add_up_along_the_way():
    mdp = FiniteMDP(
        [[1.0], [2.0], [0.0]], [1, 0, 0], 2, successor=[[1], [2], [2]], terminal=[0, 0, 1]
    )
    met = successor_features(mdp, np.eye(3)[:, None, :], solve(mdp).policy)
    # From the first state: itself, then the second; with one step left itself only.
    np.testing.assert_array_equal(met[0, 0, 0], [1.0, 1.0, 0.0])
    np.testing.assert_array_equal(met[1, 0, 0], [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(met[0, 1, 0], [0.0, 1.0, 0.0])


def test_from_coin_flips_nothing_is_kept():
    model, stats = fitted(feedback.make("coin_flip", seed=2), evidence=0.001)
    assert stats["kept"] == 0.0
    assert not model.theta.any()


def test_answers_from_another_world_are_refused():
    segments = random_segments(WORLD, 20, 1, settings={"instance": "combination_lock"})
    buffer = survey(feedback.make("oracle"), segments, Compare(), np.random.default_rng(0), 5)
    model = feedback.model(
        "regret_linear", world="plaudit/Delivery-v0", settings={"layout": "ranch"}
    )
    with pytest.raises(ValueError, match=r"observations that .* never shows"):
        model.fit(buffer)


def test_temperatures_below_zero_are_refused():
    with pytest.raises(ValueError, match="temperatures must be at least 0"):
        feedback.model("regret_linear", world=WORLD, settings=CORRIDOR, temperatures=[-1.0])
