import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from plaudit.agents.policies.causal_lm import CausalLM
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.write_turn import write_turn

VOCAB, PAD = 8, 8
# Prompts, then blocks of which rows take different parts, or none.
ROWS = [[1, 2, 3], [4], [5, 6]]
BLOCKS = [[[7], [], [1, 2]], [[], [3, 3, 4], [5]], [[6, 0], [1], []]]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def table(order=3):
    logits = torch.randn((VOCAB + 1) ** (order - 1), VOCAB, generator=rng())
    return logits.log_softmax(-1).numpy()


def tiny(**settings):
    policy = TinyTransformer(VOCAB, width=16, heads=2, context=32, **settings)
    torch.nn.init.normal_(policy.output.weight, std=1.0, generator=rng())
    return policy


def hugging_face(model, config):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = model(config).eval()
        torch.nn.init.normal_(made.lm_head.weight, std=0.3)
    return CausalLM(made, eos_id=None, pad_id=0)


def llama():
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=VOCAB, num_hidden_layers=2, bos_token_id=1, **sizes)
    return hugging_face(LlamaForCausalLM, config)


def gpt2():
    config = GPT2Config(
        vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=2, n_positions=32, eos_token_id=None
    )
    return hugging_face(GPT2LMHeadModel, config)


POLICIES = {
    "tiny": tiny,
    "tiny with a prior": lambda: tiny(prior=table()),
    "ngram": lambda: NgramPolicy(table()),
    "llama": llama,
    "gpt2": gpt2,
}


def block(rows):
    width = max(map(len, rows))
    ids = torch.tensor([[PAD] * (width - len(row)) + row for row in rows])
    return ids, torch.tensor([[False] * (width - len(row)) + [True] * len(row) for row in rows])


@pytest.mark.parametrize("name", POLICIES)
@torch.no_grad()
def test_what_is_read_in_blocks_with_holes_is_what_is_read_at_once(name):
    policy, so_far = POLICIES[name](), [list(row) for row in ROWS]
    logits, cache = policy.start(*block(so_far), 4)
    for rows in BLOCKS:
        logits, cache = policy.extend(*block(rows), cache)
        for i, row in enumerate(rows):
            so_far[i] += row
            if row:
                alone, _ = policy.start(*block([so_far[i]]), 16)
                torch.testing.assert_close(logits[i], alone[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", POLICIES)
@torch.no_grad()
def test_one_token_may_follow_a_block(name):
    policy = POLICIES[name]()
    logits, cache = policy.start(*block(ROWS), 4)
    _, cache = policy.extend(*block([[1], [1, 2], [1]]), cache)
    logits, _ = policy.advance(torch.tensor([3, 4, 5]), cache)
    alone, _ = policy.start(*block([[4, 1, 2, 4]]), 8)
    torch.testing.assert_close(logits[1], alone[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", POLICIES)
@torch.no_grad()
def test_a_row_that_waits_does_not_change_its_mind(name):
    # row 1 sits out a turn of row 0; afterwards it stands where it stood
    policy = POLICIES[name]()
    logits, cache = policy.start(*block([[1, 2], [3]]), 4)
    stops = torch.zeros(VOCAB, dtype=torch.bool)
    live = torch.tensor([True, False])
    turn, cache = write_turn(policy, logits, cache, live, max_new=3, stops=stops, rng=rng())
    assert turn.mask.tolist() == [[True] * 3, [False] * 3]
    logits, _ = policy.extend(*block([[turn.tokens[0, -1].item()], [5]]), cache)
    alone, _ = policy.start(*block([[3, 5]]), 8)
    torch.testing.assert_close(logits[1], alone[0], atol=1e-5, rtol=1e-5)


def test_a_turn_ends_with_the_first_stop():
    policy = NgramPolicy(np.log(np.full((1, 4), 0.25)), order=1)
    stops = torch.tensor([False, True, True, False])
    logits, cache = policy.start(*block([[0]] * 500), 4)
    live = torch.ones(500, dtype=torch.bool)
    turn, _ = write_turn(policy, logits, cache, live, max_new=4, stops=stops, rng=rng())
    for tokens, mask in zip(turn.tokens.tolist(), turn.mask.tolist(), strict=True):
        count = sum(mask)
        assert mask == [i < count for i in range(4)]
        assert all(token in (0, 3) for token in tokens[: count - 1])
        assert count == 4 or tokens[count - 1] in (1, 2)
    # every token is a stop with probability 1/2: a turn has 2 tokens or more half of the time
    assert 200 < int((turn.mask.sum(1) >= 2).sum()) < 300


def test_greedy_turns_take_the_likeliest_token():
    policy = NgramPolicy(np.log([[0.1, 0.2, 0.6, 0.1]]), order=1)
    logits, cache = policy.start(*block([[0]]), 4)
    stops, live = torch.zeros(4, dtype=torch.bool), torch.ones(1, dtype=torch.bool)
    turn, _ = write_turn(
        policy, logits, cache, live, max_new=3, stops=stops, rng=rng(), greedy=True
    )
    assert turn.tokens.tolist() == [[2, 2, 2]]
    torch.testing.assert_close(turn.logp, torch.full((1, 3), 0.6).log())  # ln 0.6 each


def test_a_group_of_equal_prompts_is_read_as_its_rows_would_be():
    policy = llama()
    ids, mask = block([[1, 2, 3], [4], [1, 2, 3], [4], [5, 5]])
    logits, cache = policy.start(ids, mask, 8)
    logits, cache = policy.extend(*block([[6], [7], [7], [7], [6]]), cache)
    for i, row in enumerate([[1, 2, 3, 6], [4, 7], [1, 2, 3, 7], [4, 7], [5, 5, 6]]):
        alone, _ = policy.start(*block([row]), 8)
        torch.testing.assert_close(logits[i], alone[0], atol=1e-5, rtol=1e-5)
