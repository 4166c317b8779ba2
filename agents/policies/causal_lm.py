"""Any Hugging Face causal language model as a token policy, whole or through LoRA adapters.

Prompts are read once and kept in a key-value cache; only the positions that predict answer tokens
pass the output layer. A plain GPT-2 is read by `gpt2`, which is faster; all others by transformers.

Source: LoRA arXiv:2106.09685, by peft; models and caches by transformers.
"""

import inspect
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack

import torch
from torch import nn

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.gpt2 import PlainGPT2, is_plain
from plaudit.agents.policies.hugging_face import (
    check_tokenizer,
    load_model,
    recompute_layers,
    recomputing,
    special_id,
    with_lora,
)
from plaudit.agents.policies.sampling import Sampling


@dataclass
class Cache:
    """What a batch has read so far; changed in place.

    Attributes:
        past: keys and values, the model's own cache or a `PlainGPT2`.
        mask: (B, capacity) int64, 0 on padding.
        position: (B,) position of the next token.
        length: tokens read, padding included.
    """

    past: Any
    mask: torch.Tensor
    position: torch.Tensor
    length: int


class CausalLM(TokenPolicy):
    """A causal language model of transformers.

    Dropout stays off, in training too: with it, no two passes would agree on a log-probability.
    A row without any prompt starts from the model's beginning-of-sequence token.

    Args:
        model: a model object (LoRA adapters are added to it in place), a directory, or a hub id.
        tokenizer: kept as an attribute, and asked for the special ids; loaded along with `model`
            where that is a name.
        lora_rank: train adapters of this rank on all linear layers, the model itself frozen.
        value_head: whether it predicts values, which start at 0.
        pad_id, eos_id: default the tokenizer's, else the model's; padding at last 0.
        dtype: of the weights, e.g. "float32"; a model object keeps its own.
        autocast: "bf16" computes matrix products in bfloat16. Sampled and recomputed
            log-probabilities then differ, by 0.04 nats on average and 0.25 at worst for SmolLM2:
            recompute the old ones before a ratio.
        gradient_checkpointing: keep only what goes into each layer for the backward pass, and
            compute the layers anew there: a third more work, a fraction of the memory.
        seed: of initial adapters and of the stream that `predict` draws from.
        device: "auto" is a GPU where there is one.
        sampling: temperature, top_k, top_p.

    Raises:
        FileNotFoundError: no such directory or hub model.
        ValueError: a setting is out of range, the tokenizer has tokens that the model lacks, or
            the model cannot recompute its layers.

    Source: LoRA arXiv:2106.09685; gradient checkpointing arXiv:1604.06174.
    """

    def __init__(
        self,
        model: nn.Module | str | Path,
        tokenizer: Any = None,
        *,
        lora_rank: int | None = None,
        value_head: bool = False,
        pad_id: int | None = None,
        eos_id: int | None = None,
        dtype: str | torch.dtype = "float32",
        autocast: Literal["bf16"] | None = None,
        gradient_checkpointing: bool = False,
        seed: int = 0,
        device: str = "auto",
        **sampling: Unpack[Sampling],
    ) -> None:
        if autocast not in (None, "bf16"):
            raise ValueError(f'autocast must be "bf16" or None, got {autocast!r}')
        if not isinstance(model, nn.Module):
            model, tokenizer = load_model(model, tokenizer, dtype)
        config: Any = model.config
        sizes: Any = config.get_text_config()
        check_tokenizer(tokenizer, sizes.vocab_size)
        found_pad = special_id("pad", tokenizer, config)
        super().__init__(
            sizes.vocab_size,
            pad_id=pad_id if pad_id is not None else found_pad or 0,
            eos_id=eos_id if eos_id is not None else special_id("eos", tokenizer, config),
            context=getattr(sizes, "max_position_embeddings", None),
            value_width=sizes.hidden_size if value_head else None,
            seed=seed,
            **sampling,
        )
        self.bos_id = special_id("bos", tokenizer, config)
        self.tokenizer = tokenizer
        self.autocast = autocast
        self._can_cut = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.model: Any = model if lora_rank is None else with_lora(model, lora_rank, seed)
        self.gradient_checkpointing = gradient_checkpointing
        # A plain GPT-2 recomputes by itself, as long as it stays one.
        if gradient_checkpointing and not is_plain(self.model):
            recompute_layers(self.model)
        self.to(resolve_device(device)).eval()

    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, Cache]:
        ids, mask = self._with_start(prompt_ids, prompt_mask)
        room = torch.ones((len(ids), max(capacity, ids.shape[1])), dtype=torch.int64)
        cache = Cache(self._empty_past(), room.to(ids.device), mask.sum(1), ids.shape[1])
        cache.mask[:, : cache.length] = mask
        return self._read_prompts(ids, mask, cache.past), cache

    def advance(self, tokens: torch.Tensor, cache: Cache) -> tuple[torch.Tensor, Cache]:
        ids, positions = tokens.unsqueeze(-1), cache.position.unsqueeze(-1)
        cache.length, cache.position = cache.length + 1, cache.position + 1
        logits, _ = self._forward(ids, _seen(cache), positions, 1, past=cache.past)
        return logits[:, -1], cache

    def extend(
        self, ids: torch.Tensor, mask: torch.Tensor, cache: Cache
    ) -> tuple[torch.Tensor, Cache]:
        begin, cache.length = cache.length, cache.length + ids.shape[1]
        seen = _seen(cache)
        seen[:, begin:] = mask
        positions = (cache.position.unsqueeze(-1) + _positions(mask)).clamp(min=0)
        cache.position = cache.position + mask.sum(1)
        logits, _ = self._forward(ids.masked_fill(~mask, 0), seen, positions, 1, past=cache.past)
        return logits[:, -1], cache

    def forward_answer(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        prompt, mask = self._with_start(prompt_ids, prompt_mask)
        answer = tokens[:, :-1].clamp(0, self.vocab_size - 1)
        ids = torch.cat([prompt, answer], 1)
        mask = torch.cat([mask, torch.ones_like(answer, dtype=torch.bool)], 1)
        return self._forward(ids, mask, _positions(mask), tokens.shape[1])

    def train(self, mode: bool = True) -> "CausalLM":
        super().train(mode)
        self.model.eval()
        return self

    def _forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        keep: int,
        past: Any = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, keep, V) and what the output layer read, (B, keep, d), of the last tokens."""
        if past is None and is_plain(self.model):
            recompute = self.gradient_checkpointing
            past = PlainGPT2(self.model, caching=False, recompute=recompute)
        with self._precision():
            if isinstance(past, PlainGPT2):
                logits, hidden = past(ids, mask, positions, keep)
            else:
                logits, hidden = self._through_model(ids, mask, positions, keep, past)
        return logits[:, -keep:].float(), hidden[:, -keep:]

    def _through_model(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, keep: int, past: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        read: list[torch.Tensor] = []
        cut = {"logits_to_keep": keep} if self._can_cut else {}
        head = self.model.get_output_embeddings()
        hook = head.register_forward_pre_hook(lambda _, args: read.append(args[0]))
        learns = past is None and self.gradient_checkpointing and torch.is_grad_enabled()
        try:
            with recomputing(self.model) if learns else nullcontext():
                output = self.model(
                    input_ids=ids,
                    attention_mask=mask.long(),
                    position_ids=positions,
                    past_key_values=past,
                    use_cache=past is not None,
                    **cut,
                )
        finally:
            hook.remove()
        return output.logits, read[0]

    def _read_prompts(self, ids: torch.Tensor, mask: torch.Tensor, past: Any) -> torch.Tensor:
        """Logits (B, V) after prompts, kept in `past`; equal ones, as a group's, are read once."""
        alone, rows = torch.unique(ids.masked_fill(~mask, -1), dim=0, return_inverse=True)
        if len(alone) < len(ids) and hasattr(past, "batch_select_indices"):
            ids, mask = alone.clamp(min=0), alone >= 0
        logits, _ = self._forward(ids, mask, _positions(mask), 1, past=past)
        if len(logits) == len(rows):
            return logits[:, -1]
        past.batch_select_indices(rows)
        return logits[rows, -1]

    def _empty_past(self) -> Any:
        if is_plain(self.model):
            return PlainGPT2(self.model, caching=True)
        from transformers import DynamicCache

        return DynamicCache()

    def _precision(self) -> AbstractContextManager[Any]:
        if self.autocast is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _with_start(
        self, ids: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts in which no row is empty; padding has an id that the model can embed."""
        ids = ids.masked_fill(~mask, 0)
        empty = ~mask.any(1)
        if not empty.any():
            return ids, mask
        if self.bos_id is None:
            raise ValueError(
                f"prompt {int(empty.nonzero()[0])} is empty, and the model has no "
                "beginning-of-sequence token; give at least one token"
            )
        if ids.shape[1] == 0:
            ids, mask = ids.new_zeros((len(ids), 1)), mask.new_zeros((len(ids), 1))
        last = torch.arange(ids.shape[1], device=ids.device) == ids.shape[1] - 1
        starts = empty.unsqueeze(-1) & last
        return ids.masked_fill(starts, self.bos_id), mask | starts

    def _shared(self) -> list[Any]:
        return [*super()._shared(), self.tokenizer]


def _seen(cache: Cache) -> torch.Tensor:
    """The mask (B, length) of what has been read, a view; more may be read than was planned."""
    size = cache.mask.shape[1]
    if cache.length > size:
        cache.mask = nn.functional.pad(cache.mask, (0, max(size, cache.length - size)), value=1)
    return cache.mask[:, : cache.length]


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.long().cumsum(1) - 1).clamp(min=0)
