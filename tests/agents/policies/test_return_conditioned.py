import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.return_conditioned import ReturnConditioned
from plaudit.agents.policies.tiny_transformer import TinyTransformer

PROMPTS = torch.tensor([[9, 2], [0, 1]])
MASK = torch.tensor([[False, True], [True, True]])


def inner(seed=0, **settings):
    policy = TinyTransformer(4, layers=1, width=8, heads=2, symbols=7, seed=seed, **settings)
    with torch.no_grad():  # an output layer of zeros would hide what is read
        policy.output.weight.normal_(generator=torch.Generator().manual_seed(seed))
    return policy


def sampled(policy, **settings):
    rng = torch.Generator().manual_seed(0)
    return policy.sample(PROMPTS, MASK, max_new=3, rng=rng, **settings)


def test_prompts_begin_with_the_bucket_behind_their_padding():
    told = ReturnConditioned(inner(), 3).told(
        sampled(ReturnConditioned(inner(), 3)), torch.tensor([0, 2])
    )
    # buckets are the last 3 of 7 symbols: 4, 5, 6
    assert told.prompt_ids[told.prompt_mask].tolist() == [4, 2, 6, 0, 1]
    assert told.prompt_mask.tolist() == [[False, True, True], [True, True, True]]


def test_it_acts_as_the_inner_policy_that_reads_the_best_bucket():
    policy = ReturnConditioned(inner(), 3)
    batch = sampled(policy)
    best = policy.told(batch, torch.tensor([2, 2]))
    torch.testing.assert_close(batch.logp, policy.inner.logp(best))
    torch.testing.assert_close(policy.logp(batch), policy.inner.logp(best))
    worst = policy.told(batch, torch.tensor([0, 0]))
    assert not torch.allclose(batch.logp, policy.inner.logp(worst))


def test_another_aim_can_be_set():
    policy = ReturnConditioned(inner(), 3)
    policy.aim = 0
    batch = sampled(policy)
    torch.testing.assert_close(
        batch.logp, policy.inner.logp(policy.told(batch, torch.tensor([0, 0])))
    )
    policy.aim = 3
    with pytest.raises(ValueError, match=r"aim must be in 0..2, got 3"):
        sampled(policy)


def test_reading_on_goes_through_the_inner_cache():
    policy = ReturnConditioned(inner(), 3)
    logits, cache = policy.start(PROMPTS, MASK, 4)
    block = torch.tensor([[3, 1], [0, 2]])
    after, _ = policy.extend(block, torch.ones_like(block, dtype=torch.bool), cache)
    expected, _ = policy.forward_answer(PROMPTS, MASK, torch.cat([block, block[:, :1]], 1))
    torch.testing.assert_close(torch.stack([logits, after], 1), expected[:, [0, 2]])


def test_it_answers_windows_predicts_and_copies():
    policy = ReturnConditioned(inner(temperature=0.5), 2)
    assert (policy.temperature, policy.symbols, policy.context) == (0.5, 5, 63)
    answers = policy.respond(np.array([[4, 1]]), pad_id=9, max_new=3, seed=0)
    assert answers.shape == (1, 3)
    assert policy.predict(np.array([4, 4]), deterministic=True)[0] < 4
    twin = policy.frozen_copy()
    assert not any(p.requires_grad for p in twin.parameters())
    torch.testing.assert_close(twin.logp(sampled(policy)), policy.logp(sampled(policy)))


def test_what_cannot_be_told_is_refused():
    with pytest.raises(
        ValueError, match=r"reads 4 and writes 4; make it with symbols= of at least 8"
    ):
        ReturnConditioned(NgramPolicy(np.log(np.full((1, 4), 0.25)), order=1), 4)
    with pytest.raises(ValueError, match="buckets must be at least 2, got 1"):
        ReturnConditioned(inner(), 1)
    policy = ReturnConditioned(inner(), 3)
    with pytest.raises(ValueError, match=r"buckets must be in 0..2, got \[3, 0\]"):
        policy.told(sampled(policy), torch.tensor([3, 0]))
