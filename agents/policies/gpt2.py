"""A GPT-2 of transformers, read without its Python: the same weights through `decoder`.

transformers spends most of a small model's step outside of matrix products, and GPT-2's activation
alone (`gelu_new`) in eight passes over memory. What a plain GPT-2 computes is little enough to be
said here; whatever differs from it (adapters, hooks, quantised layers, other activations, cross
attention) is left to transformers.

Source: own design; the model is GPT-2 (Radford et al. 2019) as in transformers.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from plaudit.agents.policies.decoder import Affine, KeyValues, Layer, causal, read

GPT2 = "transformers.models.gpt2.modeling_gpt2.GPT2LMHeadModel"
TANH = ("gelu_new", "gelu_pytorch_tanh")
"""Names of the same activation."""
UNUSUAL = ("add_cross_attention", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn")


class PlainGPT2:
    """Reads for a model that `is_plain`; holds its weights, and what was read.

    Args:
        model: stays the owner of its weights.
        caching: whether to remember what is read. Then no gradient is kept.
        recompute: see `decoder.read`.
    """

    def __init__(self, model: Any, *, caching: bool, recompute: bool = False) -> None:
        self._body, self._head = model.transformer, model.lm_head.weight
        self._layers = [_layer(block) for block in self._body.h]
        self._past = [KeyValues() for _ in self._layers] if caching else None
        self._recompute = recompute

    def __call__(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, keep: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, keep, V) and hidden states (B, keep, d) of the last `keep` new tokens.

        Args:
            ids: (B, L) new tokens.
            mask: (B, all) 0 on padding, old and new.
            positions: (B, L), cut at the last one that the model has.
            keep: at most L.
        """
        if self._past is not None:
            with torch.inference_mode():
                return self._read(ids, mask, positions, keep)
        return self._read(ids, mask, positions, keep)

    def _read(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, keep: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        body = self._body
        places = positions.clamp(max=body.wpe.num_embeddings - 1)
        hidden = F.embedding(ids, body.wte.weight) + F.embedding(places, body.wpe.weight)
        attends = causal(mask.bool(), ids.shape[1])
        hidden = read(hidden, self._layers, attends, self._past, recompute=self._recompute)
        norm = body.ln_f
        normed = torch.layer_norm(
            hidden[:, -keep:], norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )
        return F.linear(normed, self._head), normed


def is_plain(model: nn.Module) -> bool:
    """Whether `PlainGPT2` computes what the model computes."""
    kind = type(model)
    if f"{kind.__module__}.{kind.__qualname__}" != GPT2:
        return False
    config: Any = model.config
    if config.activation_function not in TANH or not config.scale_attn_weights:
        return False
    if any(getattr(config, name) for name in UNUSUAL):
        return False
    return all(_is_ordinary(module) for module in model.modules())


def _is_ordinary(module: nn.Module) -> bool:
    """Of torch or transformers, and without hooks."""
    ours = type(module).__module__.startswith(("torch.nn.modules.", "transformers."))
    return ours and not (module._forward_hooks or module._forward_pre_hooks)


def _layer(block: Any) -> Layer:
    attention, mlp = block.attn, block.mlp
    return Layer(
        attention.num_heads,
        block.ln_1.eps,
        Affine(block.ln_1.weight, block.ln_1.bias),
        _turned(attention.c_attn),
        _turned(attention.c_proj),
        Affine(block.ln_2.weight, block.ln_2.bias),
        _turned(mlp.c_fc),
        _turned(mlp.c_proj),
    )


def _turned(convolution: Any) -> Affine:
    """GPT-2 keeps its projections as (in, out)."""
    return Affine(convolution.weight.t(), convolution.bias)
