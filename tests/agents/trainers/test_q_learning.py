import numpy as np
import pytest
import torch

from plaudit.agents.policies.epsilon_greedy import EpsilonGreedy
from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.trainers.q_learning import QLearning
from plaudit.envs.evaluate import make_rows
from plaudit.envs.exact_score import exact_score
from tests.agents.watched_worlds.toys import Scripted

LADDER = ("plaudit/Tabular-v0", {"instance": "ladder"})


def taught(script, horizon=4, rows=1, updates=1, **settings):
    env = Scripted(script, horizon, rows, actions=1)
    policy = EpsilonGreedy(env.single_observation_space, env.single_action_space)
    settings = {"lr": 0.5, "updates": updates, "steps": len(script)} | settings
    QLearning(env, policy, **settings).train()
    return policy.weights[:, 0].tolist()


def test_what_is_paid_moves_the_value_by_its_error():
    # step by step, 0 so far: 0.5 * (1 - 0), 0.5 * (2 - 0)
    assert taught([1.0, 2.0, 0.0, 0.0]) == [0.5, 1.0, 0.0, 0.0]


def test_what_comes_after_counts_and_an_end_has_nothing_after_it():
    # first episode: the last step 0.5 * 4 = 2
    # second: the third 0.5 * (0 + 2), the last 2 + 0.5 * 2
    assert taught([0.0, 0.0, 0.0, 4.0], updates=2) == [0.0, 0.0, 1.0, 3.0]
    # half of what is ahead: 0.5 * 0.5 * 2
    assert taught([0.0, 0.0, 0.0, 4.0], updates=2, discount=0.5) == [0.0, 0.0, 0.5, 3.0]


def test_rows_that_did_the_same_move_their_value_once():
    # targets 1 and 3: 0.5 * 1 / 2 + 0.5 * 3 / 2
    assert taught([[1.0, 3.0]], horizon=1, rows=2) == [1.0]


def test_it_finds_the_best_way_up_the_ladder():
    env = make_rows(LADDER[0], 8, "SameStep", **LADDER[1])
    policy = EpsilonGreedy(env.single_observation_space, env.single_action_space)
    QLearning(env, policy, lr=1.0, steps=50, updates=6, seed=3).train()
    policy.explore = 0.0
    assert exact_score(policy.probs, LADDER[0], **LADDER[1]).score > 0.95


def test_its_state_is_its_table():
    def made():
        env = Scripted([1.0, 0.0], 2, 1)
        policy = EpsilonGreedy(env.single_observation_space, env.single_action_space)
        return QLearning(env, policy, steps=2, updates=4)

    first, second = made(), made()
    first.train(2)
    second.set_state(first.get_state())
    first.train()
    second.train()
    assert torch.equal(first.policy.weights, second.policy.weights)
    assert first.policy.weights.any()


def test_what_is_no_table_or_no_discount_is_refused():
    env = Scripted([1.0])
    spaces = env.single_observation_space, env.single_action_space
    with pytest.raises(TypeError, match="trains an EpsilonGreedy, got LinearSoftmax"):
        QLearning(env, LinearSoftmax(*spaces))
    with pytest.raises(ValueError, match="discount"):
        QLearning(env, EpsilonGreedy(*spaces), discount=np.inf)
