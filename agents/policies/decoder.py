"""Pre-norm transformer layers on plain weights: one forward pass, with or without a cache.

    x + attention(norm(x)), then x + mlp(norm(x)),   mlp = down(gelu(up(.))), gelu by tanh

Whose weights they are does not matter: `TinyTransformer`'s own, or those of a GPT-2 that
transformers made. Nothing but tensors takes part, so a step through the cache costs little more
than its matrix products.

Source: GPT-2 (Radford et al. 2019), layout of the layers.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

BLOCK = 4
"""Positions by which a cache grows. Small: on a CPU memory is the limit, and steps through a cache
without empty room are a sixth faster than through one that has its final size from the start."""

FEW_ROWS = 8
"""Up to here one fused call is fastest for a single position; above, two batched products are."""


class Affine(NamedTuple):
    """x W^T + b of a projection; scale and shift of a norm.

    Attributes:
        weight: (out, in), or (d,).
        bias: (out,) or (d,), or None.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None = None


class Layer(NamedTuple):
    """Weights of one layer of width d.

    Attributes:
        heads: of the attention; divides d.
        epsilon: of both norms.
        norm_attention, norm_mlp: in front of the two parts.
        qkv: d to 3 d, queries, keys and values in this order. merge: d to d.
        up, down: d to 4 d, say, and back.
    """

    heads: int
    epsilon: float
    norm_attention: Affine
    qkv: Affine
    merge: Affine
    norm_mlp: Affine
    up: Affine
    down: Affine


class KeyValues:
    """Keys and values that one layer has seen; grows as it is written to."""

    def __init__(self) -> None:
        self._length = 0
        self._room: torch.Tensor | None = None  # (2, B, heads, room, d / heads)

    def append(self, new: torch.Tensor) -> torch.Tensor:
        """Write (2, B, heads, L, d / heads) behind the rest; the whole, a view."""
        begin, end = self._length, self._length + new.shape[3]
        room = self._room
        if room is None or room.shape[3] < end:
            *outer, _, size = new.shape
            self._room = new.new_empty((*outer, -(-end // BLOCK) * BLOCK, size))
            if room is not None:
                self._room[:, :, :, :begin] = room[:, :, :, :begin]
            room = self._room
        room[:, :, :, begin:end] = new
        self._length = end
        return room[:, :, :, :end]


def read(
    x: torch.Tensor,
    layers: Sequence[Layer],
    attends: torch.Tensor | None,
    past: Sequence[KeyValues] | None = None,
    *,
    recompute: bool = False,
) -> torch.Tensor:
    """Hidden states (B, L, d) to the same, through all layers.

    Args:
        x: embeddings of the positions that are new.
        layers: weights, in order.
        attends: bool, broadcast to (B, heads, L, all): what each new position attends to of all
            that were read, itself included; None means all before it, in a block that begins the
            text or has one position.
        past: what each layer has seen, changed in place; None for nothing and no memory.
        recompute: compute layers anew in the backward pass instead of keeping what is inside them.

    Source: arXiv:1604.06174 for recomputation (gradient checkpointing).
    """
    for i, layer in enumerate(layers):
        if recompute and torch.is_grad_enabled():
            x = checkpoint(
                _through, x, layer, attends, None, use_reentrant=False, preserve_rng_state=False
            )
        else:
            x = _through(x, layer, attends, None if past is None else past[i])
    return x


def causal(mask: torch.Tensor, count: int) -> torch.Tensor | None:
    """What the last `count` positions attend to, for `read`.

    Args:
        mask: (B, all) bool, false on padding. Padding attends to itself, so that no row of
            attention is empty.
        count: new positions.
    """
    total = mask.shape[1]
    if count in (1, total) and bool(mask.all()):
        return None
    before = torch.ones(count, total, dtype=torch.bool, device=mask.device).tril(total - count)
    itself = before & ~before.tril(total - count - 1)
    return (before & mask[:, None, None, :]) | itself


def _through(
    x: torch.Tensor, layer: Layer, attends: torch.Tensor | None, past: KeyValues | None
) -> torch.Tensor:
    rows, length, width = x.shape
    normed = torch.layer_norm(x, (width,), *layer.norm_attention, layer.epsilon)
    qkv = F.linear(normed, *layer.qkv).view(rows, length, 3, layer.heads, -1)
    if past is None:
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))
    else:
        new = qkv.permute(2, 0, 3, 1, 4)
        q, (k, v) = new[0], past.append(new[1:]).unbind()
    mixed = _attention(q, k, v, attends).transpose(1, 2).reshape(rows, length, width)
    x = x + F.linear(mixed, *layer.merge)
    normed = torch.layer_norm(x, (width,), *layer.norm_mlp, layer.epsilon)
    return x + F.linear(F.gelu(F.linear(normed, *layer.up), approximate="tanh"), *layer.down)


def _attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, attends: torch.Tensor | None
) -> torch.Tensor:
    rows, _, length, size = q.shape
    if length > 1 or rows <= FEW_ROWS or q.device.type != "cpu":
        is_causal = attends is None and length > 1
        return F.scaled_dot_product_attention(q, k, v, attn_mask=attends, is_causal=is_causal)
    scores = torch.matmul(q * size**-0.5, k.transpose(2, 3))
    if attends is not None:
        scores = scores.masked_fill(~attends, -torch.inf)
    return torch.matmul(scores.softmax(-1), v)
