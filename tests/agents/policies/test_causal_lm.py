import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency
from transformers import LlamaConfig, LlamaForCausalLM

from plaudit.agents.policies.causal_lm import CausalLM

VOCAB = 8


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def llama():
    """A random Llama whose next-token distributions are neither flat nor certain."""
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
        bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config).eval()
        torch.nn.init.normal_(model.lm_head.weight, std=0.3)
        torch.nn.init.normal_(model.model.embed_tokens.weight)
    return model


def prompts(*rows):
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    return ids, torch.tensor([[False] * (width - len(row)) + [True] * len(row) for row in rows])


@pytest.mark.parametrize(
    "settings", [{"temperature": 0.8}, {"top_k": 3}, {"temperature": 1.3, "top_p": 0.7}]
)
def test_samples_are_distributed_as_those_of_generate(settings):
    policy, count = CausalLM(llama(), **settings), 6000
    ids, mask = (x.expand(count, -1) for x in prompts([3, 4]))
    ours = policy.sample(ids, mask, max_new=2, rng=rng()).tokens
    with torch.random.fork_rng():
        torch.manual_seed(1)
        theirs = policy.model.generate(
            ids, attention_mask=mask.long(), max_new_tokens=2, do_sample=True,
            **{"top_k": 0, **settings},
        )[:, 2:]  # fmt: skip
    ours, theirs = (
        np.bincount(t[:, 0] * VOCAB + t[:, 1], minlength=VOCAB**2).astype(float)
        for t in (ours, theirs)
    )
    common = ours + theirs >= 20
    assert common.sum() >= 9
    pooled = np.array([[*x[common], x[~common].sum()] for x in (ours, theirs)])
    assert chi2_contingency(pooled[:, pooled.sum(0) > 0]).pvalue > 0.01


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7}, {"top_k": 4}, {"top_p": 0.9}])
def test_log_probabilities_of_sampling_are_those_of_one_forward_pass(settings):
    policy = CausalLM(llama(), **settings)
    batch = policy.sample(*prompts([3, 4, 5], [6], [7, 7]), max_new=12, rng=rng())
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=0)


def test_log_probabilities_are_those_of_the_plain_model():
    model = llama()
    batch = CausalLM(model, eos_id=None).sample(*prompts([3, 4]), max_new=5, rng=rng())
    whole = torch.cat([batch.prompt_ids, batch.tokens], 1)
    scores = model(whole).logits.log_softmax(-1)[:, 1:-1]
    expected = scores.gather(-1, batch.tokens.unsqueeze(-1)).squeeze(-1)
    seen = batch.action_mask
    torch.testing.assert_close(batch.logp[seen], expected[seen], atol=1e-5, rtol=0)


def test_the_amount_of_left_padding_changes_nothing():
    policy, answer = CausalLM(llama()), torch.tensor([[5, 3, 6]])
    ids, mask = prompts([3, 4])
    short, hidden = policy.forward_answer(ids, mask, answer)
    pad = torch.nn.functional.pad
    long, _ = policy.forward_answer(pad(ids, (7, 0)), pad(mask, (7, 0)), answer)
    assert hidden.shape == (1, 3, 16)
    torch.testing.assert_close(short, long, atol=1e-5, rtol=0)


def test_an_empty_prompt_starts_from_the_beginning_token():
    policy, answer = CausalLM(llama()), torch.tensor([[5, 3]])
    none = torch.zeros(1, 0, dtype=torch.int64)
    empty, _ = policy.forward_answer(none, none.bool(), answer)
    begun, _ = policy.forward_answer(*prompts([1]), answer)
    torch.testing.assert_close(empty, begun)
    policy.bos_id = None
    with pytest.raises(ValueError, match="prompt 0 is empty"):
        policy.forward_answer(none, none.bool(), answer)


def test_lora_starts_at_the_model_and_its_frozen_copy_stays_there():
    base = CausalLM(llama())
    policy = CausalLM(llama(), lora_rank=2)
    reference = policy.frozen_copy()
    batch = base.sample(*prompts([3, 4], [5]), max_new=6, rng=rng())
    assert policy.logp(batch).equal(base.logp(batch))
    optimiser = torch.optim.SGD([p for p in policy.parameters() if p.requires_grad], lr=1.0)
    (-policy.logp(batch).sum()).backward()
    optimiser.step()
    assert reference.logp(batch).equal(base.logp(batch))
    assert not policy.logp(batch).equal(base.logp(batch))


def test_a_frozen_lora_copy_shares_the_models_weights_and_has_no_gradients():
    policy = CausalLM(llama(), lora_rank=2)
    twin = policy.frozen_copy()
    frozen = {p.data_ptr() for p in policy.parameters() if not p.requires_grad}
    trained = {p.data_ptr() for p in policy.parameters() if p.requires_grad}
    copies = {p.data_ptr() for p in twin.parameters()}
    assert frozen <= copies
    assert not trained & copies
    assert not any(p.requires_grad for p in twin.parameters())


def test_lora_trains_only_adapters_drawn_from_the_seed():
    before = torch.random.get_rng_state()
    first, second = (CausalLM(llama(), lora_rank=2, seed=5) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    names = [name for name, p in first.named_parameters() if p.requires_grad]
    assert all("lora_" in name for name in names)
    found = second.state_dict()
    assert all(weight.equal(found[name]) for name, weight in first.state_dict().items())


def test_values_start_at_zero_and_learn():
    policy = CausalLM(llama(), value_head=True)
    batch = policy.sample(*prompts([3, 4]), max_new=4, rng=rng())
    assert policy.value(batch).eq(0).all()
    policy.value(batch).sum().backward()
    assert policy.value_head.weight.grad.abs().sum() > 0


def test_dropout_stays_off_in_training():
    policy = CausalLM(llama()).train()
    assert policy.training
    assert not any(module.training for module in policy.model.modules())


def test_bfloat16_autocast_agrees_roughly_and_trains():
    policy = CausalLM(llama(), autocast="bf16")
    batch = CausalLM(llama()).sample(*prompts([3, 4]), max_new=6, rng=rng())
    found = policy.logp(batch)
    torch.testing.assert_close(found, batch.logp, atol=0.1, rtol=0)
    found.sum().backward()
    assert policy.model.lm_head.weight.grad.isfinite().all()


def test_a_saved_model_is_loaded_by_its_directory(tmp_path):
    model = llama()
    model.save_pretrained(tmp_path)
    batch = CausalLM(model).sample(*prompts([3, 4]), max_new=4, rng=rng())
    loaded = CausalLM(tmp_path, tokenizer=object())
    assert loaded.logp(batch).equal(CausalLM(model).logp(batch))


@pytest.mark.parametrize("name", ["./nowhere/model", "a/b/c"])
def test_a_missing_directory_is_named(name):
    with pytest.raises(FileNotFoundError, match=name):
        CausalLM(name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"lora_rank": 0}, "lora_rank"), ({"autocast": "fp8"}, "autocast"), ({"top_p": 2.0}, "top_p")],
)
def test_settings_out_of_range_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        CausalLM(llama(), **settings)


def test_an_answer_beyond_the_context_is_refused():
    with pytest.raises(ValueError, match="2 tokens and an answer of 31 exceed the context of 32"):
        CausalLM(llama()).sample(*prompts([3, 4]), max_new=31, rng=rng())
