import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from scipy.special import logsumexp

from plaudit.feedback import snapshot
from plaudit.feedback.wrappers import (
    HideReward,
    RecordSegments,
    ReferenceLogProb,
    TeacherReward,
    VectorReferenceLogProb,
)

NGRAM = {"id": "plaudit/TokenNgram-v0", "vocab": 3, "max_new": 3, "prompt": 0}
TABLE = {  # action 0 stays and 1 goes over
    "id": "plaudit/Tabular-v0",
    "transitions": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
    "rewards": [[0.0, 1.0], [0.5, -1.0]],
    "start": [0, 1],
    "horizon": 3,
}
MODES = [mode.value for mode in AutoresetMode]
HALF = float(np.log(0.5))


def most(env, beta):
    """max over policies of E[sum of rewards] + beta * entropy, by playing every action."""
    state, ahead = env.get_state(), []
    legal = env.unwrapped.action_masks()
    for action in np.flatnonzero(legal).tolist():
        env.set_state(state)
        _, reward, over, _, _ = env.step(action)
        ahead.append(reward + (0.0 if over else most(env, beta)))
    return beta * logsumexp(np.array(ahead) / beta)


@pytest.mark.parametrize("beta", [0.3, 2.0])
@pytest.mark.parametrize(
    "world",
    [
        NGRAM,
        NGRAM | {"end_token": True, "ngram": 1, "reward_at": "end"},
        {"id": "plaudit/TokenBandit-v0", "vocab": 3, "length": 2, "contexts": 1},
        TABLE,
        TABLE | {"legal_actions": [[1, 0], [1, 1]]},
    ],
)
def test_with_an_entropy_bonus_the_best_return_is_that_of_the_kl_objective(world, beta):
    env = ReferenceLogProb(gym.make(**world), "world", beta)
    env.reset(seed=0)
    assert most(env, beta) == pytest.approx(env.unwrapped.oracle(beta).value)


def test_the_log_probability_is_paid_and_told():
    env = ReferenceLogProb(gym.make("CartPole-v1"), "uniform", beta=2.0)
    _, info = env.reset(seed=0)
    assert "true_reward" not in info
    _, reward, _, _, info = env.step(0)
    assert info == {"true_reward": 1.0, "reference_logp": HALF}
    assert reward == 1.0 + 2.0 * HALF


def test_truth_and_order_hold_around_other_rewards():
    rated = TeacherReward(RecordSegments(gym.make(**NGRAM), length=1), "coin_flip")
    env = ReferenceLogProb(rated, "world", beta=1.0)
    env.reset(seed=0)
    plain = gym.make(**NGRAM)
    plain.reset(seed=0)
    _, reward, _, _, info = env.step(1)
    assert info["true_reward"] == plain.step(1)[1]
    assert reward - info["reference_logp"] in (-1.0, -0.5, 0.0, 0.5, 1.0)  # a rating
    assert "reward_components" in info["eval"]
    with pytest.raises(TypeError, match="TeacherReward belongs inside ReferenceLogProb"):
        TeacherReward(ReferenceLogProb(RecordSegments(gym.make(**NGRAM))))


def test_a_hidden_reward_stays_hidden():
    env = ReferenceLogProb(HideReward(gym.make(**NGRAM)), "uniform", beta=0.5)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert info.keys() == {"reference_logp"}
    assert reward == pytest.approx(0.5 * np.log(1 / 3))


def test_an_action_that_the_reference_never_takes_is_refused_before_it_is_played():
    env = ReferenceLogProb(gym.make("plaudit/TokenNgram-v0", backspace=True, vocab=2, max_new=2))
    env.reset(seed=0)  # a backspace in front of which nothing stands is illegal
    with pytest.raises(ValueError, match=r"'uniform' never takes action 2 in row 0.*set a floor"):
        env.step(2)
    assert env.unwrapped.get_state()["game"]["actions"].tolist() == [0]
    assert env.step(1)[4]["reference_logp"] == HALF


def test_a_floor_bounds_what_an_action_can_cost():
    world = gym.make("plaudit/TokenNgram-v0", backspace=True, vocab=2, max_new=2)
    env = ReferenceLogProb(world, beta=1.0, floor=-0.5)
    env.reset(seed=0)
    assert [env.step(2)[4]["reference_logp"], env.step(1)[4]["reference_logp"]] == [-0.5, -0.5]


@pytest.mark.parametrize("mode", MODES)
def test_rows_of_vectors_are_paid_as_singles_and_idle_rows_nothing(mode):
    world = {"id": "plaudit/TokenNgram-v0", "max_new": 3, "vocab": 3, "end_token": True}
    env = VectorReferenceLogProb(gym.make_vec(num_envs=2, autoreset_mode=mode, **world), "world")
    table, over = env.unwrapped.game.instance.reference, np.zeros(2, bool)
    obs, idle = env.reset(seed=0)[0], 0
    for actions in np.random.default_rng(0).integers(0, 3, (30, 2)):
        after, reward, terminated, _, info = env.step(actions)
        for row in range(2):
            # ngram 2: the context is the latest token, 3 where there is none
            expected = 0.0 if over[row] else np.log(table[obs[row, -1], actions[row]])
            assert info["reference_logp"][row] == expected
            assert reward[row] == info["true_reward"][row] + 0.1 * expected
        assert info["_reference_logp"].tolist() == (~over).tolist()
        idle += over.sum()
        over, obs = (terminated & (mode != "SameStep")), after
        if mode == "Disabled" and over.all():
            obs, over = env.reset()[0], np.zeros(2, bool)
    assert (idle > 0) == (mode != "SameStep")


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    world = {"id": "plaudit/TokenNgram-v0", "max_new": 3, "vocab": 3, "end_token": True}
    env, fresh = (
        VectorReferenceLogProb(gym.make_vec(num_envs=2, autoreset_mode=mode, **world), "world")
        for _ in range(2)
    )
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(4):
        env.step(rng.integers(0, 3, 2))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    for actions in rng.integers(0, 3, (10, 2)):
        assert env.step(actions)[1].tolist() == fresh.step(actions)[1].tolist()


def test_the_spec_is_json_and_makes_the_wrapper_again():
    env = ReferenceLogProb(gym.make(**NGRAM), "world", beta=0.7, floor=-9.0)
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    for one in (env, again):
        one.reset(seed=0)
    assert env.step(2)[1] == again.step(2)[1]


@pytest.mark.parametrize(("world", "actions"), [("FrozenLake-v1", 4), ("CartPole-v1", 2)])
def test_foreign_worlds_work_unchanged(world, actions):
    env = VectorReferenceLogProb(gym.make_vec(world, 2))
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(20):
        _, reward, _, _, info = env.step(env.action_space.sample())
        expected = np.where(info["_reference_logp"], -np.log(actions), 0.0)
        np.testing.assert_allclose(info["reference_logp"], expected)
        np.testing.assert_allclose(reward, info["true_reward"] + 0.1 * expected)


def test_masks_of_foreign_worlds_are_heeded():
    env = ReferenceLogProb(gym.make("Taxi-v4"))
    _, info = env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(10):
        legal = info["action_mask"]
        _, _, _, _, info = env.step(env.action_space.sample(legal))
        assert info["reference_logp"] == pytest.approx(-np.log(legal.sum()))


def test_settings_and_spaces_are_checked():
    env = gym.make("CartPole-v1")
    with pytest.raises(ValueError, match="beta must be finite and at least 0, got -1"):
        ReferenceLogProb(env, beta=-1)
    with pytest.raises(ValueError, match="floor must be finite and below 0 nats, or None, got 0"):
        ReferenceLogProb(env, floor=0.0)
    with pytest.raises(TypeError, match="ReferenceLogProb needs Discrete actions"):
        ReferenceLogProb(gym.make("Pendulum-v1"))
