import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency
from transformers import LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM

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


def gradients(policy, batch):
    """Of the trained parameters, and numbers that were kept for them."""
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.numel()) or t, lambda t: t
    ):
        logp = policy.logp(batch)
    logp.sum().backward()
    return [p.grad for p in policy.parameters() if p.requires_grad], sum(kept)


@pytest.mark.parametrize("lora_rank", [None, 2])
def test_gradient_checkpointing_gives_the_same_gradient_from_less_memory(lora_rank):
    plain = CausalLM(llama(), lora_rank=lora_rank)
    sparing = CausalLM(llama(), lora_rank=lora_rank, gradient_checkpointing=True)
    batch = plain.sample(*prompts([3, 4], [5]), max_new=12, rng=rng())
    assert sparing.sample(*prompts([3, 4], [5]), max_new=12, rng=rng()).tokens.equal(batch.tokens)
    expected, most = gradients(plain, batch)
    found, least = gradients(sparing, batch)
    assert least < most / 2
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-5)


def test_gradient_checkpointing_does_not_wake_a_layers_own_dropout():
    config = OPTConfig(
        vocab_size=VOCAB, hidden_size=16, ffn_dim=16, num_hidden_layers=2, dropout=0.5,
        num_attention_heads=2, max_position_embeddings=32, word_embed_proj_dim=16,
    )  # fmt: skip
    policy = CausalLM(OPTForCausalLM(config), gradient_checkpointing=True).train()
    batch = policy.sample(*prompts([3, 4]), max_new=6, rng=rng())
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=0)


def test_weights_may_be_bfloat16_and_log_probabilities_stay_float32(tmp_path):
    llama().save_pretrained(tmp_path)
    policy = CausalLM(tmp_path, tokenizer=object(), dtype="bfloat16", value_head=True)
    assert policy.model.lm_head.weight.dtype == torch.bfloat16
    batch = policy.sample(*prompts([3, 4], [5]), max_new=6, rng=rng())
    found = policy.evaluate(batch)
    assert batch.logp.dtype == found.logp.dtype == found.value.dtype == torch.float32
    torch.testing.assert_close(found.logp, batch.logp, atol=0.1, rtol=0)
    found.logp.sum().backward()
    assert policy.model.lm_head.weight.grad.isfinite().all()


class Words:
    """A tokenizer that has neither a pad nor an end token."""

    def __init__(self, size):
        self.vocab_size = size


def without_special_tokens():
    model = llama()
    model.config.pad_token_id = model.config.eos_token_id = None
    return model


def test_without_an_end_token_answers_have_a_fixed_length_and_padding_is_0():
    policy = CausalLM(without_special_tokens(), Words(VOCAB))
    assert (policy.pad_id, policy.eos_id) == (0, None)
    batch = policy.sample(*prompts([3, 4]), max_new=9, rng=rng())
    assert batch.action_mask.all()
    assert batch.status == ("length",)


def test_a_tokenizer_with_tokens_that_the_model_lacks_is_refused():
    with pytest.raises(ValueError, match="tokenizer has 9 tokens, the model only 8"):
        CausalLM(llama(), Words(VOCAB + 1))
    assert CausalLM(llama(), Words(VOCAB - 1)).vocab_size == VOCAB  # matrices filled up


def test_an_end_token_outside_of_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"eos_id must be in 0..7 or None, got 8"):
        CausalLM(llama(), eos_id=VOCAB)


def test_a_model_whose_logits_are_nan_is_noticed():
    policy = CausalLM(llama())
    policy.model.lm_head.weight.data[3] = torch.nan
    with pytest.raises(ValueError, match="logits are not finite"):
        policy.sample(*prompts([3, 4]), max_new=2, rng=rng())
