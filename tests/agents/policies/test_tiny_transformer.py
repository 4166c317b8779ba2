import numpy as np
import pytest
import torch

from plaudit.agents.policies.tiny_transformer import TinyTransformer

TABLE = np.log([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])  # after 0, after 1, at the beginning


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def trained(**settings):
    """A policy whose output layer is not zero any more."""
    policy = TinyTransformer(6, **settings)
    torch.nn.init.normal_(policy.output.weight, generator=rng(9))
    return policy


def padded(*rows):
    """Prompts padded on the left with id 6."""
    width = max(map(len, rows))
    ids = torch.tensor([[6] * (width - len(row)) + row for row in rows])
    return ids, ids != 6


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7}, {"top_k": 4}, {"top_p": 0.8}])
def test_log_probabilities_of_sampling_are_those_of_one_forward_pass(settings):
    policy = trained(eos_id=0, **settings)
    batch = policy.sample(*padded([1, 2, 3], [4], []), max_new=12, rng=rng())
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=0)
    torch.testing.assert_close(policy.evaluate(batch).logp, batch.logp, atol=1e-5, rtol=0)


@pytest.mark.parametrize("padding", [0, 5])
def test_the_cache_gives_the_logits_of_the_full_pass(padding):
    policy = trained()
    ids, mask = padded([6] * padding + [1, 2], [6] * padding + [3, 4])
    answer = torch.tensor([[1, 2, 3], [5, 0, 1]])
    logits, cache = policy.start(ids, mask, ids.shape[1] + 3)
    steps = [logits]
    for t in range(2):
        logits, cache = policy.advance(answer[:, t], cache)
        steps.append(logits)
    full, _ = policy.forward_answer(ids, mask, answer)
    torch.testing.assert_close(torch.stack(steps, 1), full, atol=1e-5, rtol=0)


def test_the_amount_of_left_padding_changes_nothing():
    policy = trained()
    answer = torch.tensor([[1, 5, 2]])
    short, _ = policy.forward_answer(*padded([3, 4]), answer)
    long, _ = policy.forward_answer(*padded([6] * 9 + [3, 4]), answer)
    torch.testing.assert_close(short, long, atol=1e-5, rtol=0)


def test_without_a_prior_it_starts_uniform():
    batch = TinyTransformer(6).sample(*padded([1, 2]), max_new=4, rng=rng())
    # ln(1 / 6) = -1.791759
    torch.testing.assert_close(batch.logp, torch.full((1, 4), -1.791759))


def test_with_a_prior_it_starts_exactly_there():
    policy = TinyTransformer(2, prior=TABLE, order=2)
    ids = torch.tensor([[2, 1]])
    logits, _ = policy.forward_answer(ids, ids != 2, torch.tensor([[0, 0, 1]]))
    # after 1, after 0, after 0
    np.testing.assert_array_equal(logits[0].detach(), TABLE[[1, 0, 0]].astype(np.float32))


def test_a_prior_is_read_through_the_cache_too():
    policy = TinyTransformer(2, prior=TABLE)
    torch.nn.init.normal_(policy.output.weight, generator=rng(1))
    ids = torch.tensor([[2, 1], [0, 1], [2, 2]])
    batch = policy.sample(ids, ids != 2, max_new=9, rng=rng())
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=0)


def test_a_prior_for_another_vocabulary_is_refused():
    with pytest.raises(ValueError, match="prior is for 2 tokens, the policy for 6"):
        TinyTransformer(6, prior=TABLE)


def test_equal_seeds_give_equal_weights():
    first, second, other = (TinyTransformer(6, seed=seed) for seed in (1, 1, 2))
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    assert all(a.equal(b) for a, b in pairs)
    assert not first.embedding.weight.equal(other.embedding.weight)


def test_a_gradient_step_makes_the_sampled_answer_likelier():
    policy = TinyTransformer(6)
    batch = policy.sample(*padded([1], [2]), max_new=4, rng=rng())
    optimiser = torch.optim.SGD(policy.parameters(), lr=0.01)
    (-policy.logp(batch).sum()).backward()
    optimiser.step()
    assert policy.logp(batch).sum() > batch.logp.sum()


def test_values_start_at_zero_and_learn():
    policy = TinyTransformer(6, value_head=True)
    batch = policy.sample(*padded([1], [2]), max_new=4, rng=rng())
    assert policy.value(batch).eq(0).all()
    policy.value(batch).sum().backward()
    # d(sum of values) / d(bias) = 2 rows * 4 tokens
    assert policy.value_head.bias.grad.item() == 8.0


def test_weights_that_are_nan_are_noticed():
    policy = trained()
    policy.output.weight.data[3] = torch.nan
    with pytest.raises(ValueError, match="not finite"):
        policy.sample(*padded([1]), max_new=1, rng=rng())


@pytest.mark.parametrize("size", [{"layers": 0}, {"context": 0}, {"width": 6}, {"heads": 0}])
def test_sizes_out_of_range_are_named(size):
    with pytest.raises(ValueError, match=next(iter(size))):
        TinyTransformer(6, **size)
