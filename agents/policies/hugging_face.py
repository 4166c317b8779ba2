"""What a Hugging Face model is made ready with: loading, special tokens, adapters, recomputation.

Source: LoRA arXiv:2106.09685, by peft; recomputation arXiv:1604.06174, by transformers.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

LORA_SCALE = 2
"""LoRA's alpha divided by its rank."""


def load_model(name: str | Path, tokenizer: Any, dtype: str | torch.dtype) -> tuple[nn.Module, Any]:
    """Model and tokenizer of a directory or a hub id.

    Args:
        name: what looks like a path has to be a directory.
        tokenizer: kept, if given.
        dtype: of the weights.

    Raises:
        FileNotFoundError: no such directory or hub model.
    """
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


def check_tokenizer(tokenizer: Any, vocab_size: int) -> None:
    """Hold a tokenizer, Hugging Face's or plaudit's, against a model's vocabulary.

    A model may have more tokens than its tokenizer, to fill its matrices up.

    Raises:
        ValueError: the tokenizer has tokens that the model does not know.
    """
    tokens = len(tokenizer) if hasattr(tokenizer, "__len__") else None
    tokens = getattr(tokenizer, "vocab_size", None) if tokens is None else tokens
    if tokens is not None and tokens > vocab_size:
        raise ValueError(
            f"the tokenizer has {tokens} tokens, the model only {vocab_size}: they do not belong "
            "together"
        )


def special_id(kind: Literal["bos", "eos", "pad"], tokenizer: Any, config: Any) -> int | None:
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


def with_lora(model: nn.Module, rank: int, seed: int) -> nn.Module:
    """The model with adapters on all linear layers, only these trainable.

    Args:
        model: changed in place.
        rank: of the adapters, at least 1.
        seed: that they are drawn from.

    Raises:
        ValueError: the rank is out of range.

    Source: arXiv:2106.09685.
    """
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
        # GPT-2 keeps its matrices the other way round; peft notices, and says so.
        warnings.filterwarnings("ignore", "fan_in_fan_out", UserWarning)
        torch.default_generator.manual_seed(seed)
        adapted: nn.Module = get_peft_model(model, config)
    return adapted


def recompute_layers(model: Any) -> None:
    """Have a model's layers compute anew in the backward pass, whenever it is `recomputing`.

    Dropout rates of the layers' own, which that mode would wake, are set to 0.

    Raises:
        ValueError: the model cannot.

    Source: arXiv:1604.06174 (gradient checkpointing).
    """
    model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    for layer in _recomputed(model):
        for name, value in vars(layer).items():
            if "dropout" in name and isinstance(value, float):
                setattr(layer, name, 0.0)


@contextmanager
def recomputing(model: nn.Module) -> Iterator[None]:
    """Layers that were told to recompute do so; others go on as they are."""
    layers = _recomputed(model)
    for layer in layers:
        layer.training = True  # of the layer alone: what is inside it stays as it is
    try:
        yield
    finally:
        for layer in layers:
            layer.training = False


def _recomputed(model: nn.Module) -> list[nn.Module]:
    return [m for m in model.modules() if getattr(m, "gradient_checkpointing", False) is True]
