import numpy as np
import pytest

from plaudit.agents.advantages.lagrangian import Multiplier
from plaudit.agents.constrained_climb import constrained_climb
from plaudit.envs.finite.policy_gradient import climbed
from plaudit.envs.tabular import gallery

MDP = gallery.instance("constrained_mixture").mdp  # toll road: reward 3, cost 2; lane: 1 and 0


def test_the_price_settles_where_the_limit_is_just_kept():
    # Two trips by the toll road with probability p cost 2 * 2 p = 3: p = 3/4. The price at which
    # p / (1 - p) = exp((3 - 2 price - 1) / 0.1) is 3: 1 - 0.05 ln 3 = 0.945.
    climb = constrained_climb(MDP, MDP.costs, Multiplier(3.0, rate=0.02), 1500, beta=0.1)
    np.testing.assert_allclose(climb.policy[:, 0, 0], 0.75, atol=1e-3)
    assert climb.prices[-1] == pytest.approx(1 - 0.05 * np.log(3), abs=1e-3)
    assert climb.costs[-1] == pytest.approx(3.0, abs=1e-2)


def test_random_play_and_the_first_price_come_first():
    climb = constrained_climb(MDP, MDP.costs, Multiplier(3.0, initial=0.5), 1)
    # Half of two trips at 2 each cost 2; price 0.5: a toll road gains 3 - 1 against 1, over 1.5:
    # the slope of both steps is 1/4 (2 - 1) / 1.5 = 1/6 up and 1/6 down, p = 1 / (1 + exp(-1/3)).
    assert climb.prices.tolist() == [0.5]
    assert climb.costs.tolist() == [2.0]
    np.testing.assert_allclose(climb.policy[:, 0, 0], 1 / (1 + np.exp(-1 / 3)))


def test_without_a_multiplier_nothing_is_priced():
    climb = constrained_climb(MDP, MDP.costs, None, 20, lr=0.5, beta=0.3)
    np.testing.assert_allclose(climb.policy, climbed(MDP, 20, lr=0.5, beta=0.3))
    assert not climb.prices.any()


def test_a_fixed_price_does_not_ask_for_the_limit():
    price = Multiplier(3.0, initial=2.0, rate=0.0)
    climb = constrained_climb(MDP, MDP.costs, price, 500, beta=1.0)
    # Toll roads gain 3 - 2 * 2 = -1, the lane 1: p = 1 / (1 + exp(2)) = 0.119.
    np.testing.assert_allclose(climb.policy[:, 0, 0], 1 / (1 + np.exp(2)), atol=1e-3)
    assert set(climb.prices.round(9)) == {2.0}


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="updates and beta must be at least 0"):
        constrained_climb(MDP, MDP.costs, None, -1)
    with pytest.raises(ValueError, match="rewards must have shape"):
        constrained_climb(MDP, np.zeros(2), None, 1)
