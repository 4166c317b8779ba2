"""Any Hugging Face causal language model as a token policy, whole or through LoRA adapters.

Prompts are read once and kept in the model's own key-value cache; only the positions that predict
answer tokens pass the output layer.

Source: LoRA arXiv:2106.09685, by peft; models and caches by transformers.
"""

import inspect
import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack

import torch
from torch import nn

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.sampling import Sampling

LORA_SCALE = 2
"""LoRA's alpha divided by its rank."""


@dataclass
class Cache:
    """What a batch has read so far; changed in place.

    Attributes:
        past: the model's own key-value cache.
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
        seed: of initial adapters and of the stream that `predict` draws from.
        device: "auto" is a GPU where there is one.
        sampling: temperature, top_k, top_p.

    Raises:
        FileNotFoundError: no such directory or hub model.
        ValueError: a setting is out of range.

    Source: LoRA arXiv:2106.09685.
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
        seed: int = 0,
        device: str = "auto",
        **sampling: Unpack[Sampling],
    ) -> None:
        if autocast not in (None, "bf16"):
            raise ValueError(f'autocast must be "bf16" or None, got {autocast!r}')
        if not isinstance(model, nn.Module):
            model, tokenizer = _load(model, tokenizer, dtype)
        config: Any = model.config
        sizes: Any = config.get_text_config()
        found_pad = _special_id("pad", tokenizer, config)
        super().__init__(
            sizes.vocab_size,
            pad_id=pad_id if pad_id is not None else found_pad or 0,
            eos_id=eos_id if eos_id is not None else _special_id("eos", tokenizer, config),
            context=getattr(sizes, "max_position_embeddings", None),
            value_width=sizes.hidden_size if value_head else None,
            seed=seed,
            **sampling,
        )
        self.bos_id = _special_id("bos", tokenizer, config)
        self.tokenizer = tokenizer
        self.autocast = autocast
        self._can_cut = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.model: Any = model if lora_rank is None else _with_lora(model, lora_rank, seed)
        self.to(resolve_device(device)).eval()

    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, Cache]:
        from transformers import DynamicCache

        ids, mask = self._with_start(prompt_ids, prompt_mask)
        room = torch.ones((len(ids), max(capacity, ids.shape[1])), dtype=torch.int64)
        cache = Cache(DynamicCache(), room.to(ids.device), mask.sum(1), ids.shape[1])
        cache.mask[:, : cache.length] = mask
        logits, _ = self._forward(ids, mask, _positions(mask), 1, past=cache.past)
        return logits[:, -1], cache

    def advance(self, tokens: torch.Tensor, cache: Cache) -> tuple[torch.Tensor, Cache]:
        ids, positions = tokens.unsqueeze(-1), cache.position.unsqueeze(-1)
        cache.length, cache.position = cache.length + 1, cache.position + 1
        mask = cache.mask[:, : cache.length]
        logits, _ = self._forward(ids, mask, positions, 1, past=cache.past)
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
        read: list[torch.Tensor] = []
        cut = {"logits_to_keep": keep} if self._can_cut else {}
        head = self.model.get_output_embeddings()
        hook = head.register_forward_pre_hook(lambda _, args: read.append(args[0]))
        try:
            with self._precision():
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
        return output.logits[:, -keep:].float(), read[0][:, -keep:]

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


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.long().cumsum(1) - 1).clamp(min=0)


def _load(name: str | Path, tokenizer: Any, dtype: str | torch.dtype) -> tuple[nn.Module, Any]:
    """Model and tokenizer of a directory or a hub id."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    text = os.fspath(name)
    is_path = isinstance(name, Path) or text.startswith((".", "~", os.sep)) or text.count("/") > 1
    if is_path and not Path(text).expanduser().is_dir():
        raise FileNotFoundError(f"no directory {text!r} with a saved language model")
    source = str(Path(text).expanduser()) if is_path else text
    try:
        model: nn.Module = AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
        if tokenizer is None:
            tokenizer = AutoTokenizer.from_pretrained(source)
    except OSError as error:
        raise FileNotFoundError(
            f"{text!r} is neither a directory with a saved language model and its tokenizer "
            "nor a model that the Hugging Face hub gave"
        ) from error
    return model, tokenizer


def _special_id(kind: Literal["bos", "eos", "pad"], tokenizer: Any, config: Any) -> int | None:
    """A special token's id, from the tokenizer (Hugging Face's or plaudit's), else the model."""
    for source, name in (
        (tokenizer, f"{kind}_token_id"),
        (tokenizer, f"{kind}_id"),
        (config, f"{kind}_token_id"),
    ):
        found = getattr(source, name, None)
        if found is not None:
            # Some models end on any of several tokens; the first is the usual one.
            return int(found[0] if isinstance(found, list) else found)
    return None


def _with_lora(model: nn.Module, rank: int, seed: int) -> nn.Module:
    """The model with adapters on all linear layers, only these trainable."""
    from peft import LoraConfig, get_peft_model

    if rank < 1:
        raise ValueError(f"lora_rank must be at least 1 or None, got {rank}")
    config = LoraConfig(
        r=rank,
        lora_alpha=LORA_SCALE * rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    # peft draws the adapters from the global stream: give it ours, then put the old one back.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an old name
        torch.default_generator.manual_seed(seed)
        adapted: nn.Module = get_peft_model(model, config)
    return adapted
