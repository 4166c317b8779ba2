import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.evaluation import evaluate_answers
from plaudit.agents.rollout.tokens import collect
from plaudit.agents.rollout.worlds import check_world, describe, token_spec
from plaudit.envs.evaluate import make_rows
from plaudit.envs.token.token_ngram.solution import policy_value
from plaudit.feedback.wrappers import VectorRecordSegments, VectorTeacherReward

NGRAM = "plaudit/TokenNgram-v0"
WORLD = {"vocab": 4, "max_new": 6, "end_token": True}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def reference(env):
    spec, table = token_spec(env), env.unwrapped.game.reference()
    return NgramPolicy(np.log(table), pad_id=spec.pad_id, eos_id=spec.eos_id)


def test_an_answer_is_paid_what_the_single_form_pays():
    env = make_rows(NGRAM, 8, **WORLD)
    rollout = collect(reference(env), env, seeds=[7, 7, 8, 8, 9, 9, 10, 10], rng=rng())
    single = gym.make(NGRAM, **WORLD)
    for i, seed in enumerate([7, 7, 8, 8, 9, 9, 10, 10]):
        obs, _ = single.reset(seed=seed)
        assert rollout.batch.prompt_ids[i].tolist() == obs[6:].tolist()
        answer = rollout.batch.tokens[i][rollout.batch.action_mask[i]].tolist()
        rewards = [single.step(token)[1] for token in answer]
        np.testing.assert_allclose(rollout.rewards[i, : len(answer)], rewards, rtol=1e-6)
        assert rollout.rewards[i, len(answer) :].tolist() == [0.0] * (6 - len(answer))
    assert len(set(rollout.batch.status)) == 2


def test_rows_with_equal_seeds_are_a_group():
    env = make_rows(NGRAM, 5, **WORLD)
    groups = collect(reference(env), env, seeds=[9, 3, 9, 3, 9], rng=rng()).groups
    assert groups.tolist() == [1, 0, 1, 0, 1]


def test_the_info_is_that_of_each_rows_last_step():
    env = make_rows(NGRAM, 16, **WORLD)
    rollout = collect(reference(env), env, seeds=range(16), rng=rng())
    total = rollout.rewards.sum(1).numpy()
    success = total >= env.game.halfway
    assert rollout.info["success"].tolist() == success.tolist()
    assert set(rollout.info["outcome"]) <= {"success", "failure"}


def test_what_the_last_step_paid_stays_in_the_info():
    env = make_rows(NGRAM, 16, **WORLD, reward_at="end")
    rollout = collect(reference(env), env, seeds=range(16), rng=rng())
    paid = rollout.info["reward_components"]["ngram"]
    np.testing.assert_allclose(paid, rollout.rewards.sum(1), rtol=1e-6)
    assert len(set(rollout.batch.status)) == 2  # some rows waited for others


def test_wrappers_pay_what_they_pay():
    env = make_rows(NGRAM, 16, **WORLD)
    rated = VectorTeacherReward(VectorRecordSegments(env), "oracle")
    rollout = collect(reference(env), rated, seeds=range(16), rng=rng())
    last = rollout.batch.action_mask.sum(1) - 1
    paid = rollout.rewards.gather(1, last[:, None]).squeeze(1)
    assert torch.equal(rollout.rewards.sum(1), paid)
    assert set(paid.tolist()) <= {-1.0, -0.5, 0.0, 0.5, 1.0}
    assert len(rated.env.segments) == 16
    lengths = [len(rated.env.segments.segment(i)) for i in range(16)]
    assert sorted(lengths) == sorted((last + 1).tolist())


def test_the_world_may_not_reset_itself():
    env = gym.make_vec(NGRAM, 2, **WORLD)
    with pytest.raises(ValueError, match=r"autoreset_mode='Disabled', got AutoresetMode.SAME_STEP"):
        collect(reference(env), env, seeds=[0, 1], rng=rng())


@pytest.mark.parametrize("policy", [TinyTransformer(5, eos_id=3), TinyTransformer(4)])
def test_policy_and_world_must_share_a_vocabulary(policy):
    env = make_rows(NGRAM, 2, **WORLD)
    with pytest.raises(ValueError, match=r"the world reads 4 with end token 3"):
        collect(policy, env, seeds=[0, 1], rng=rng())


def test_only_token_worlds_are_answered():
    env = gym.make_vec("CartPole-v1", 2)
    with pytest.raises(TypeError, match="expected a token world"):
        collect(TinyTransformer(4), env, seeds=[0, 1], rng=rng())


def test_the_reference_earns_its_exact_value_at_no_kl():
    env = make_rows(NGRAM, 512)
    policy = reference(env)
    result = evaluate_answers(policy, policy, env, seeds=range(2048))
    expected = policy_value(env.game.instance, 16, 2, env.game.reference())
    error = result.true_return.std() / np.sqrt(2048)
    assert abs(result.true_return.mean() - expected) < 4 * error
    assert np.abs(result.kl).max() == 0
    assert result.summary()["length"] == 16


def test_the_kl_of_an_answer_is_the_difference_of_log_probabilities():
    env = make_rows(NGRAM, 64, vocab=2, max_new=1, prompt=0, ngram=1)
    ours, theirs = (NgramPolicy(np.log([row]), order=1) for row in ([0.5, 0.5], [0.8, 0.2]))
    result = evaluate_answers(ours, theirs, env, seeds=range(64), tokenizer=env.tokenizer)
    # ln(0.5 / 0.8) = -0.470004 where it wrote a, ln(0.5 / 0.2) = 0.916291 where it wrote b
    expected = [-0.470004 if answer == "a" else 0.916291 for _, answer in result.texts]
    np.testing.assert_allclose(result.kl, expected, atol=1e-5)
    assert {answer for _, answer in result.texts} == {"a", "b"}


def test_samples_are_json_and_add_up():
    env = make_rows(NGRAM, 4, **WORLD)
    policy = reference(env)
    result = evaluate_answers(policy, policy, env, seeds=range(4), tokenizer=env.tokenizer)
    for sample in result.samples(4):
        assert sum(sample["paid"]) == pytest.approx(sample["true_return"], abs=0.01)
        assert len(sample["prompt"]) == 2
        assert len(sample["paid"]) - len(sample["answer"]) in (0, 1)  # the end has no letter


def test_seeds_must_fill_the_rows():
    env = make_rows(NGRAM, 4, **WORLD)
    policy = reference(env)
    for seeds in ([], [1, 2, 3]):
        with pytest.raises(ValueError, match="expected a multiple of 4 seeds"):
            evaluate_answers(policy, policy, env, seeds=seeds)


def test_a_single_form_or_a_name_for_a_policy_is_refused():
    with pytest.raises(TypeError, match="expected a vector form"):
        check_world(TinyTransformer(4), gym.make(NGRAM, **WORLD))
    with pytest.raises(TypeError, match=r"expected a token policy, .*'tiny_transformer'"):
        check_world("tiny_transformer", make_rows(NGRAM, 2, **WORLD))


def test_a_world_is_described_with_its_wrappers_and_settings():
    env = VectorRecordSegments(make_rows(NGRAM, 2, max_new=5))
    described = ["VectorRecordSegments", "VectorForm", NGRAM, "{'max_new': 5}"]
    assert describe(env) == described
