import numpy as np

from plaudit import feedback
from plaudit.envs.finite_models import finite_model
from plaudit.envs.tabular.tabular import Tabular
from plaudit.feedback.learned_process import learned_process, paid, planned


def trained(features, weights):
    model = feedback.model("linear", features=features)
    size = len(weights)
    model.set_state({"theta": np.array(weights, float), "information": np.eye(size)})
    return model


def test_a_reward_of_pairs_is_paid_on_every_branch():
    world = finite_model(Tabular(instance="safe_or_risky"))
    cells = {"name": "cells", "sizes": [3], "actions_n": 2}
    made = learned_process(trained(cells, [1, 2, 3, 4, 5, 6]), world)
    np.testing.assert_array_equal(made.expected[0], [1.0, 2.0])
    np.testing.assert_array_equal(made.successor, world.mdp.successor)


def test_a_reward_of_arrivals_is_paid_by_where_a_branch_leads():
    world = finite_model(Tabular(instance="safe_or_risky"))
    made = learned_process(trained({"name": "arrivals", "sizes": [3]}, [0, 1, -10]), world)
    # Safe leads to state 1, the risk to 1 or 2 with 1/2 each: (1 - 10) / 2.
    np.testing.assert_allclose(made.expected[0], [1.0, -4.5])


def test_what_else_a_process_is_stays():
    mdp = finite_model(Tabular(instance="recoverable")).mdp
    made = paid(mdp, np.zeros(mdp.legal.shape))
    assert not made.expected.any()
    np.testing.assert_array_equal(made.legal, mdp.legal)
    np.testing.assert_array_equal(made.terminal, mdp.terminal)
    assert made.horizon == mdp.horizon


def test_a_plan_is_the_optimum_of_what_was_learned_or_on_the_way_there():
    world = finite_model(Tabular(instance="safe_or_risky"))
    model = trained({"name": "arrivals", "sizes": [3]}, [0, 1, -10])
    assert planned(model, world)[0, 0].tolist() == [1.0, 0.0]
    # Two actions worth 1 and -4.5, with a KL of 5.5 per nat: odds of e to 1.
    np.testing.assert_allclose(planned(model, world, beta=5.5)[0, 0, 0], np.e / (1 + np.e))
    # One update from 1/2: slopes +-(1/2) (5.5 / 2) = +-1.375, so a difference of 2.75 in logits.
    one = planned(model, world, updates=1)[0, 0, 0]
    np.testing.assert_allclose(one, 1 / (1 + np.exp(-2.75)))
