import numpy as np

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.seat_partner import SeatPartner
from plaudit.envs.seats.game import Seen
from plaudit.envs.seats.vector import JointVectorEnv


def partner():
    env = JointVectorEnv("plaudit/PreferenceGame-v0", 1)
    rules = env.rules
    spaces = rules.observation_space("player_0"), rules.action_space("player_0")
    policy = ActorCritic(*spaces, hidden=(8,), seed=3)
    policy.layers.weights[-2].data.mul_(100)  # far from even
    return policy, SeatPartner(policy, ("player_0",)), env.reset(seed=0)[0]["player_0"]


def test_it_plays_each_legal_action_with_the_policys_odds_and_no_other():
    policy, it, obs = partner()
    many, legal = np.repeat(obs, 20_000, 0), np.array([[True, False, True, True, True]])
    numbers = np.random.default_rng(0).random((20_000, 1))
    actions = it.act(Seen(many, np.repeat(legal, 20_000, 0), str, str), {}, numbers)
    share = np.bincount(actions, minlength=5) / 20_000
    odds = policy.probs(obs, legal)[0]
    assert share[1] == 0
    assert np.abs(share - odds).max() < 0.015  # four standard errors of a half
    assert np.ptp(odds[legal[0]]) > 0.05


def test_the_least_number_does_not_choose_what_is_illegal():
    _, it, obs = partner()
    legal = np.array([[False, True, True, True, True]])
    assert it.act(Seen(obs, legal, str, str), {}, np.zeros((1, 1)))[0] == 1


def test_it_is_a_callable_of_one_observation_too():
    _, it, obs = partner()
    only = np.array([0, 0, 0, 1, 0])
    assert it(obs[0], only, np.random.default_rng(0)) == 3
