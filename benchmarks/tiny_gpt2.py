"""The job that benchmarks of language models share: a tiny GPT-2, a world of words, a reward."""

from typing import Any

import numpy as np

import plaudit  # noqa: F401 - registers the worlds
from plaudit.agents.policies.causal_lm import CausalLM
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.envs.evaluate import make_rows

VOCAB, LAYERS, WIDTH, HEADS, CONTEXT = 256, 4, 128, 4, 128
END, PAD = 255, 0
PROMPT, PROMPTS = 8, 512  # tokens of a prompt, and how many there are
LIKED = 4  # every fourth word is


def model(end: bool) -> Any:
    """GPT2LMHeadModel of transformers with random weights; dropout off, so that logits agree."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=VOCAB, n_positions=CONTEXT, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=None, eos_token_id=END if end else None, pad_token_id=PAD,
    )  # fmt: skip
    return GPT2LMHeadModel(config).eval()


def same_weights(end: bool) -> CausalLM:
    """Our policy around that model."""
    return CausalLM(model(end), device="cpu")


def equal_size(end: bool) -> TinyTransformer:
    """Our own transformer of that size."""
    return TinyTransformer(
        VOCAB, layers=LAYERS, width=WIDTH, heads=HEADS, context=CONTEXT - 1, pad_id=PAD,
        eos_id=END if end else None, device="cpu",
    )  # fmt: skip


def tokenizer(end: bool = True) -> Any:
    """Words t0 .. t255, the last one ends a text, if any does."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({f"t{i}": i for i in range(VOCAB)}, unk_token="t0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = {"eos_token": f"t{END}"} if end else {}
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token=f"t{PAD}", **ends)


def prompts() -> tuple[str, ...]:
    words = np.random.default_rng(0).integers(1, END, (PROMPTS, PROMPT))
    return tuple(" ".join(f"t{i}" for i in row) for row in words)


def liked(prompt: str, answer: str) -> float:
    """Share of an answer's words that the reward likes."""
    words = answer.split()
    return sum(int(word[1:]) % LIKED == 0 for word in words) / max(1, len(words))


def world(rows: int, max_new: int, end: bool = True, shown: int = PROMPT) -> Any:
    """The token world of these prompts and this reward; `shown` tokens of its window are prompt."""
    return make_rows(
        "plaudit/HFText-v0", rows, tokenizer=tokenizer(end), prompts=prompts(), reward=liked,
        max_new=max_new, prompt_tokens=shown, split="all", held_out=None, scripts=("t4",),
    )  # fmt: skip
