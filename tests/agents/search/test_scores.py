import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.tokens import collect
from plaudit.agents.search import scores
from plaudit.agents.types import TokenBatch
from plaudit.envs.evaluate import make_rows
from plaudit.envs.token.token_ngram.solution import solve

WORLD = {"vocab": 4, "max_new": 5, "end_token": True}


def world(rows=8, **settings):
    return make_rows("plaudit/TokenNgram-v0", rows, **WORLD | settings)


def rng():
    return torch.Generator().manual_seed(0)


def writer(**settings):
    return TinyTransformer(4, layers=1, width=8, heads=2, eos_id=3, **settings)


def batch_of(answers, prompt=(1,), status="length"):
    count, width = len(answers), max(map(len, answers))
    mask = torch.tensor([[i < len(row) for i in range(width)] for row in answers])
    tokens = torch.tensor([[*row, *[9] * (width - len(row))] for row in answers])
    ids = torch.tensor([list(prompt)] * count)
    return TokenBatch(
        ids,
        torch.ones_like(ids, dtype=torch.bool),
        tokens,
        mask,
        torch.zeros(mask.shape),
        (status,) * count,
    )


def test_a_world_pays_as_it_did_when_the_answers_were_sampled():
    env, policy = world(), writer()
    rollout = collect(policy, env, seeds=range(8), rng=rng())
    score = scores.world_return(env, range(8))
    expected = rollout.rewards.sum(1).double()
    torch.testing.assert_close(score(rollout.batch), expected)
    # in any order, and more or fewer than the world has rows
    index = torch.tensor([7, 0, 3, 3, 5, 1, 2, 0, 6, 4])
    torch.testing.assert_close(score(rollout.batch.rows(index)), expected[index])
    torch.testing.assert_close(score(rollout.batch.rows(index[:3])), expected[index[:3]])


def test_a_beginning_has_earned_what_was_paid_so_far():
    env = world(reward_at="token", end_token=False)
    policy = TinyTransformer(4, layers=1, width=8, heads=2)
    rollout = collect(policy, env, seeds=range(8), rng=rng())
    begun = rollout.batch.action_mask.clone()
    begun[:, 2:] = False
    begun[1::2, 1:] = False  # some stop one token earlier
    batch = rollout.batch
    part = TokenBatch(
        batch.prompt_ids, batch.prompt_mask, batch.tokens, begun, batch.logp, batch.status
    )
    expected = torch.where(begun, rollout.rewards, 0.0).sum(1).double()
    assert (rollout.rewards[1::2, 1] != 0).any()
    torch.testing.assert_close(scores.world_return(env, range(8))(part), expected)


def test_a_prompt_that_nobody_asks_is_refused():
    score = scores.world_return(world(), [0])
    with pytest.raises(ValueError, match=r"none of the seeds asks the prompt \[1\]"):
        score(batch_of([[0]]))
    with pytest.raises(ValueError, match="there are no seeds"):
        scores.world_return(world(), [])


class Counting:
    """A reward model: the number of tokens seen that are no padding, plus the token / 10."""

    def predict(self, obs, actions):
        return ((obs != 4).sum(-1) + actions / 10).astype(np.float32), None


def test_a_reward_model_reads_windows_as_the_world_shows_them():
    env = world(end_token=False)
    seen = [env.reset(seed=3)[0]]
    answer = np.array([[1, 2, 3, 0, 1]] * 8)
    for t in range(4):
        seen.append(env.step(answer[:, t])[0])
    obs = np.stack(seen, 1)
    model = Counting()
    expected = model.predict(obs, answer)[0].sum(1)
    score = scores.reward_model(model, obs.shape[2], env.token_spec.pad_id)
    prompt = obs[0, 0][obs[0, 0] != 4].tolist()
    found = score(batch_of([answer[0].tolist()], prompt))
    # 2 + 3 + 4 + 5 + 6 tokens were seen, and 0.1 * (1 + 2 + 3 + 0 + 1) for the answer
    assert found.tolist() == pytest.approx([20.7])
    assert found.tolist() == pytest.approx([expected[0]])
    with pytest.raises(ValueError, match="answer 0 has 9 tokens with its prompt, the window 7"):
        score(batch_of([[0] * 8]))


def test_rows_of_different_lengths_are_predicted_up_to_their_ends():
    score = scores.reward_model(Counting(), 7, 4)
    # prompt of 1 token: 1 + 0.2; and (1 + 0.2) + (2 + 0.3)
    assert score(batch_of([[2], [2, 3]])).tolist() == pytest.approx([1.2, 3.5])


def test_a_critic_speaks_of_the_token_to_come_or_of_the_last_one():
    policy = writer(value_head=True)
    with torch.no_grad():
        policy.value_head.weight.normal_(generator=rng())
    whole = batch_of([[0, 1, 2]])
    values = policy.value(whole)[0].detach()
    score = scores.critic(policy)
    assert score(batch_of([[0, 1, 9]])).tolist() == [pytest.approx(float(values[2]))]
    begun = batch_of([[0, 1, 2], [0]])
    torch.testing.assert_close(score(begun), values[[2, 1]])
    ended = batch_of([[0, 3], [0, 3]], status="ended")
    torch.testing.assert_close(score(ended), policy.value(ended)[:, 1].detach())
    with pytest.raises(ValueError, match="has no value head"):
        scores.critic(writer())(whole)


def test_the_implicit_reward_is_what_was_earned_and_the_soft_value_to_come():
    env, beta = world(end_token=False, max_new=3, prompt=1), 0.7
    instance = env.game.instance
    best = solve(instance, 3, 1, beta)
    reference = NgramPolicy(np.log(instance.reference))
    # The optimum depends on the tokens to go: the policy of each place is a table of its own.
    for place, begun in enumerate([[0], [0, 2], [0, 2, 1]]):
        total, context, paid = 0.0, 1, 0.0
        for t, token in enumerate(begun):
            policy = NgramPolicy(np.log(best.policy(3 - t)))
            part = batch_of([begun[: t + 1]])
            each = policy.logp(part) - reference.logp(part)
            total += beta * float(each[0, t])
            paid += float(instance.weights[context, token])
            context = int(instance.successor[context, token])
        ahead = best.values[3 - len(begun), context]
        assert total == pytest.approx(paid + ahead - best.values[3, 1], abs=1e-4), place


def test_the_implicit_reward_adds_up_log_ratios():
    policy = NgramPolicy(np.log([[0.8, 0.2]]), order=1)
    reference = NgramPolicy(np.log([[0.5, 0.5]]), order=1)
    score = scores.implicit_reward(policy, reference, beta=2.0)
    # 2 (ln 1.6 + ln 0.4) = 2 ln 0.64 = -0.892574; 2 ln 1.6 = 0.940007
    found = score(batch_of([[0, 1], [0]]))
    assert found.tolist() == pytest.approx([-0.892574, 0.940007], abs=1e-5)
    with pytest.raises(ValueError, match="beta must be above 0, got 0"):
        scores.implicit_reward(policy, reference, beta=0)


def test_texts_are_judged_as_texts():
    tokenizer = world().unwrapped.tokenizer
    said = []
    score = scores.of_texts(tokenizer, lambda prompt, answer: said.append((prompt, answer)) or 1.5)
    assert score(batch_of([[0, 2], [1]])).tolist() == [1.5, 1.5]
    texts = [tokenizer.decode(ids) for ids in ([1], [0, 2], [1])]
    assert said == [(texts[0], texts[1]), (texts[0], texts[2])]
