import gymnasium as gym
import pytest

from plaudit import agents
from plaudit.envs.evaluate import make_rows


def test_a_policy_of_numbers_gets_the_spaces_of_one_row():
    env = gym.make_vec("plaudit/Delivery-v0", 3)
    policy = agents.policy("actor_critic", env, hidden=(8,))
    assert policy.observation_space == env.single_observation_space
    assert policy.action_space == env.single_action_space
    single = agents.policy("actor_critic", gym.make("plaudit/Delivery-v0"))
    assert single.action_space == policy.action_space


def test_a_policy_of_tokens_gets_vocabulary_and_window():
    env = make_rows("plaudit/TokenSummary-v0", 2)
    policy = agents.policy("tiny_transformer", env, width=8, heads=2)
    spec = env.token_spec
    told = (spec.vocab_size, spec.pad_id, spec.eos_id)
    assert (policy.vocab_size, policy.pad_id, policy.eos_id) == told
    assert policy.context == env.single_observation_space.shape[0]
    agents.make("rloo", env, policy=policy, group_size=2).train(1)


def test_given_settings_win():
    env = make_rows("plaudit/TokenNgram-v0", 2)
    assert agents.policy("tiny_transformer", env, context=99).context == 99


def test_what_does_not_fit_is_said():
    env = gym.make_vec("plaudit/Delivery-v0", 3)
    with pytest.raises(TypeError, match=r"a TinyTransformer writes tokens, which .* does not have"):
        agents.policy("tiny_transformer", env)
    with pytest.raises(TypeError, match="NgramPolicy brings its own sizes: make it without env"):
        agents.policy("ngram", env)
