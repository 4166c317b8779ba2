import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer

UNIFORM = np.log(np.full((1, 4), 0.25))
PROMPT = torch.tensor([[1, 2], [3, 0]])
SEEN = torch.ones_like(PROMPT, dtype=torch.bool)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_rows_end_with_the_end_token_and_are_padded_and_masked_after_it():
    policy = NgramPolicy(UNIFORM, eos_id=0)
    ids, mask = torch.ones(200, 1, dtype=torch.int64), torch.ones(200, 1, dtype=torch.bool)
    batch = policy.sample(ids, mask, max_new=5, rng=rng())
    for tokens, seen, logp, status in zip(
        batch.tokens.tolist(), batch.action_mask.tolist(), batch.logp, batch.status, strict=True
    ):
        length = tokens.index(0) + 1 if 0 in tokens else 5
        assert status == ("ended" if 0 in tokens else "length")
        assert seen == [t < length for t in range(5)]
        assert tokens[length:] == [4] * (5 - length)
        assert logp[length:].tolist() == [0.0] * (5 - length)
    assert set(batch.status) == {"ended", "length"}


def test_an_answer_that_ends_early_is_as_wide_as_asked():
    policy = NgramPolicy(np.log([[1 - 2e-9, 1e-9, 1e-9]]), eos_id=0)
    batch = policy.sample(PROMPT.clamp(max=2), SEEN, max_new=6, rng=rng())
    assert batch.tokens.tolist() == [[0, 3, 3, 3, 3, 3]] * 2
    assert batch.status == ("ended", "ended")


def test_masked_positions_count_nothing():
    policy = TinyTransformer(4, eos_id=0, value_head=True)
    batch = policy.sample(PROMPT.repeat(20, 1), SEEN.repeat(20, 1), max_new=6, rng=rng())
    after = ~batch.action_mask
    logp, entropy, value = policy.evaluate(batch)
    assert after.any()
    for found in (logp, entropy, value, policy.logp(batch), policy.value(batch)):
        assert found[after].eq(0).all()


def test_equal_generators_give_equal_answers_and_are_used_up_equally():
    first, second = rng(3), rng(3)
    a = NgramPolicy(UNIFORM, eos_id=0).sample(PROMPT, SEEN, max_new=8, rng=first)
    b = NgramPolicy(UNIFORM).sample(PROMPT, SEEN, max_new=8, rng=second)
    assert a.tokens[a.action_mask].equal(b.tokens[a.action_mask])
    assert torch.equal(first.get_state(), second.get_state())


def test_the_global_random_state_is_left_alone():
    before = torch.random.get_rng_state()
    policy = TinyTransformer(4, value_head=True)
    policy.sample(PROMPT, SEEN, max_new=2, rng=rng())
    policy.predict(PROMPT.numpy())
    policy.respond(PROMPT.numpy(), pad_id=4, max_new=2, seed=0)
    assert torch.equal(before, torch.random.get_rng_state())


def test_respond_reads_padding_only_before_the_first_token():
    # The world pads with 0, which is a token too; (V + 1)^2 rows: after (0, 1) comes 2, else 3.
    table = np.full((25, 4), -np.inf)
    table[:, 3] = 0
    table[0 * 5 + 1] = [-np.inf, -np.inf, 0, -np.inf]
    policy = NgramPolicy(table)
    answers = policy.respond(np.array([[0, 2, 0, 1], [0, 0, 0, 1]]), pad_id=0, max_new=1, seed=0)
    assert answers.dtype == np.int64
    assert answers.tolist() == [[2], [3]]


def test_respond_pads_with_the_worlds_own_padding():
    policy = NgramPolicy(np.log([[1 - 2e-9, 1e-9, 1e-9]]), eos_id=0)
    assert policy.respond(np.array([[1]]), pad_id=-1, max_new=3, seed=0).tolist() == [[0, -1, -1]]


def test_predict_takes_one_window_or_many():
    policy = TinyTransformer(4)
    many, _ = policy.predict(np.array([[4, 1], [2, 3]]))
    one, state = policy.predict(np.array([4, 1]))
    assert (many.shape, many.dtype) == ((2,), np.int64)
    assert (one.shape, one.dtype, state) == ((), np.int64, None)


def test_predict_draws_from_its_own_seeded_stream():
    obs = np.ones((50, 1), dtype=np.int64)
    same = [TinyTransformer(4, seed=1).predict(obs)[0].tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert TinyTransformer(4, seed=2).predict(obs)[0].tolist() != same[0]


def test_a_frozen_copy_neither_trains_nor_changes():
    policy = TinyTransformer(4, prior=UNIFORM)
    twin = policy.frozen_copy()
    batch = policy.sample(PROMPT, SEEN, max_new=3, rng=rng())
    before = twin.logp(batch)
    optimiser = torch.optim.SGD(policy.parameters(), lr=0.1)
    (-policy.logp(batch).sum()).backward()
    optimiser.step()
    assert not before.requires_grad
    assert not any(weight.requires_grad for weight in twin.parameters())
    assert twin.logp(batch).equal(before)
    assert not policy.logp(batch).equal(before)


def test_without_a_value_head_there_are_no_values():
    policy = TinyTransformer(4)
    batch = policy.sample(PROMPT, SEEN, max_new=2, rng=rng())
    assert policy.evaluate(batch).value is None
    with pytest.raises(ValueError, match="value_head=True"):
        policy.value(batch)


def test_a_setting_changed_to_nonsense_is_refused():
    policy = TinyTransformer(4)
    policy.temperature = -1.0
    with pytest.raises(ValueError, match=r"temperature .* got -1"):
        policy.sample(PROMPT, SEEN, max_new=1, rng=rng())


def test_an_end_token_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"eos_id must be in 0\.\.3 or None, got 4"):
        TinyTransformer(4, eos_id=4)


@pytest.mark.parametrize(
    ("ids", "mask", "max_new", "message"),
    [
        ([[1, 2]], [[1, 0]], 1, "padded on the left"),
        ([[1, 4]], [[1, 1]], 1, r"0\.\.3, got 4"),
        ([[1, 2]], [[1, 1]], 0, "max_new = 0"),
        ([[1, 2]], [[1, 1]], 7, "2 tokens and an answer of 7 exceed the context of 8"),
        ([1, 2], [[1, 1]], 1, "prompt_ids"),
        ([[1, 2]], [[1, 1, 1]], 1, "axis P"),
    ],
)
def test_prompts_that_do_not_fit_are_refused(ids, mask, max_new, message):
    policy = TinyTransformer(4, context=8)
    with pytest.raises(ValueError, match=message):
        policy.sample(torch.tensor(ids), torch.tensor(mask).bool(), max_new=max_new, rng=rng())


def test_padding_does_not_count_towards_the_context():
    policy = TinyTransformer(4, context=3)
    ids, mask = torch.tensor([[4, 4, 4, 4, 1]]), torch.tensor([[0, 0, 0, 0, 1]]).bool()
    assert policy.sample(ids, mask, max_new=2, rng=rng()).tokens.shape == (1, 2)


def test_windows_must_be_integers():
    with pytest.raises(ValueError, match="float64"):
        TinyTransformer(4).respond(np.zeros((1, 2)), pad_id=4, max_new=1, seed=0)
