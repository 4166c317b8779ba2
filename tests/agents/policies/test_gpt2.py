import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from plaudit.agents.policies.causal_lm import CausalLM
from plaudit.agents.policies.gpt2 import PlainGPT2, is_plain

VOCAB = 8


def gpt2(**settings):
    """A random GPT-2 whose distributions are neither flat nor certain."""
    config = GPT2Config(
        vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=2, n_positions=32,
        bos_token_id=1, eos_token_id=2, **settings,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPT2LMHeadModel(config).eval()
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.2)
    return model


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def prompts(*rows):
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    return ids, torch.tensor([[False] * (width - len(row)) + [True] * len(row) for row in rows])


def by_transformers(policy):
    """The same policy, left to transformers."""
    policy.model.transformer.h[0].register_forward_hook(lambda *_: None)
    assert not is_plain(policy.model)
    return policy


ROWS = {"padded": ([3, 4, 5], [6], [7, 7]), "full": ([3, 4, 5], [6, 1, 1]), "many": ([3, 4],) * 10}


@pytest.mark.parametrize("name", ROWS)
def test_logits_and_hidden_states_are_those_of_transformers(name):
    ids, mask = prompts(*ROWS[name])
    answer = torch.randint(VOCAB, (len(ids), 5), generator=rng())
    ours = CausalLM(gpt2()).forward_answer(ids, mask, answer)
    theirs = by_transformers(CausalLM(gpt2())).forward_answer(ids, mask, answer)
    for mine, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, expected, atol=1e-5, rtol=1e-5)


def test_gradients_are_those_of_transformers():
    policies = CausalLM(gpt2()), by_transformers(CausalLM(gpt2()))
    batch = policies[0].sample(*prompts(*ROWS["padded"]), max_new=6, rng=rng())
    for policy in policies:
        policy.logp(batch).sum().backward()
    for ours, theirs in zip(*(policy.parameters() for policy in policies), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7, "top_k": 4}])
def test_log_probabilities_of_sampling_are_those_of_one_forward_pass(name, settings):
    policy = CausalLM(gpt2(), **settings)
    batch = policy.sample(*prompts(*ROWS[name]), max_new=12, rng=rng())
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=0)


def test_it_samples_what_is_sampled_through_transformers():
    ours, theirs = CausalLM(gpt2()), by_transformers(CausalLM(gpt2()))
    batches = [
        policy.sample(*prompts(*ROWS["padded"]), max_new=12, rng=rng()) for policy in (ours, theirs)
    ]
    assert batches[0].tokens.tolist() == batches[1].tokens.tolist()


def test_weights_are_the_models_own_at_every_moment():
    policy = CausalLM(gpt2())
    batch = policy.sample(*prompts([3, 4]), max_new=4, rng=rng())
    before = policy.logp(batch)
    with torch.no_grad():
        policy.model.transformer.h[1].mlp.c_fc.weight.mul_(2.0)
    assert not policy.logp(batch).equal(before)


def test_what_is_no_plain_gpt2_is_left_to_transformers():
    llama = LlamaConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2,
    )  # fmt: skip
    assert is_plain(gpt2())
    assert is_plain(gpt2(activation_function="gelu_pytorch_tanh"))
    assert not is_plain(LlamaForCausalLM(llama))
    assert not is_plain(gpt2(activation_function="relu"))
    assert not is_plain(gpt2(scale_attn_by_inverse_layer_idx=True))
    assert not is_plain(CausalLM(gpt2(), lora_rank=2).model)


def test_a_model_that_adapters_were_put_into_is_plain_no_more():
    model = gpt2()
    CausalLM(model, lora_rank=2)  # in place
    assert not is_plain(model)


def test_only_reading_without_a_cache_keeps_gradients():
    ids, mask = prompts([3, 4, 5])
    places = torch.arange(3).unsqueeze(0)
    for caching in (True, False):
        logits, _ = PlainGPT2(gpt2(), caching=caching)(ids, mask, places, 1)
        assert logits.requires_grad is not caching


def test_a_block_with_holes_is_read_as_the_row_without_them():
    policy = CausalLM(gpt2())
    ids, mask = prompts([3, 4, 5], [6])
    _, cache = policy.start(ids, mask, 8)
    block, read = prompts([7], [1, 2, 3])
    logits, cache = policy.extend(block, read, cache)
    after, _ = policy.advance(torch.tensor([5, 5]), cache)
    for row, text in enumerate(([3, 4, 5, 7, 5], [6, 1, 2, 3, 5])):
        whole, _ = policy.forward_answer(*prompts(text[:1]), torch.tensor([[*text[1:], 0]]))
        torch.testing.assert_close(logits[row], whole[0, -2], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(after[row], whole[0, -1], atol=1e-5, rtol=1e-5)
