"""A small decoder-only transformer with a static key-value cache, on torch alone.

Pre-norm blocks x + attention(norm(x)), x + mlp(norm(x)), learned positions, an output layer that
starts at zero. Every sequence begins with a start token (the embedding of the padding id), so that
an empty prompt is a prompt too. With a prior, logits = prior log-probabilities + network. Reading
through the cache runs in torch's inference mode, about a tenth faster than `no_grad`.

Source: GPT-2 (Radford et al. 2019), layout of the blocks.
Differs: no dropout, no bias in the projections, separate output layer, own start token.
"""

from dataclasses import dataclass
from typing import Unpack

import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.decoder import Affine, KeyValues, Layer, causal, read
from plaudit.agents.policies.prior import NgramPrior
from plaudit.agents.policies.sampling import Sampling

INIT_STD = 0.02
"""Standard deviation of initial weights."""


@dataclass
class Cache:
    """What a batch has read so far; changed in place.

    Attributes:
        past: what each layer has seen.
        layers: their weights.
        visible: (B, capacity + 1) bool, false on padding; None where there is no padding.
        position: (B,) position of the next token.
        length: tokens read, the start token and padding included.
        window: (B, order - 1) last tokens, for the prior; empty without one.
    """

    past: list[KeyValues]
    layers: list[Layer]
    visible: torch.Tensor | None
    position: torch.Tensor
    length: int
    window: torch.Tensor


class TinyTransformer(TokenPolicy):
    """A transformer small enough to train on one CPU core.

    Args:
        vocab_size: number of tokens V.
        layers, width, heads: its size; `heads` divides `width`.
        context: longest prompt plus answer, tokens.
        symbols: ids that prompts may hold, at least V and by default V; a world may use words in
            its prompts that nobody can write.
        pad_id: default V.
        eos_id: token that ends an answer, if any.
        prior: (S, V) n-gram log-probabilities, nats (see `prior.NgramPrior`): the policy starts
            exactly there. Without it, it starts uniform.
        order: n of the prior; read off the table's shape if None.
        value_head: whether it predicts values, which start at 0.
        seed: of the initial weights and of the stream that `predict` draws from.
        device: "auto" is a GPU where there is one.
        sampling: temperature, top_k, top_p.

    Raises:
        ValueError: a size is out of range, or the prior is for another vocabulary.

    Source: own design; blocks as in GPT-2 (Radford et al. 2019).
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        layers: int = 2,
        width: int = 64,
        heads: int = 4,
        context: int = 64,
        symbols: int | None = None,
        pad_id: int | None = None,
        eos_id: int | None = None,
        prior: npt.ArrayLike | None = None,
        order: int | None = None,
        value_head: bool = False,
        seed: int = 0,
        device: str = "auto",
        **sampling: Unpack[Sampling],
    ) -> None:
        _check_sizes(vocab_size=vocab_size, layers=layers, heads=heads, context=context)
        if width < 1 or width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads} heads")
        super().__init__(
            vocab_size,
            pad_id=vocab_size if pad_id is None else pad_id,
            eos_id=eos_id,
            context=context,
            value_width=width if value_head else None,
            seed=seed,
            **sampling,
        )
        self.heads = heads
        self.symbols = max(vocab_size, symbols or 0)
        self.prior = _prior(prior, order, vocab_size)
        # Constructors draw from the global stream; the weights come from `seed` below.
        with torch.random.fork_rng(devices=[]):
            self.embedding = nn.Embedding(self.symbols + 1, width)
            self.positions = nn.Embedding(context + 1, width)
            self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
            self.norm = nn.LayerNorm(width)
            self.output = nn.Linear(width, vocab_size, bias=False)
        self._initialise(seed)
        self.to(resolve_device(device))

    @torch.inference_mode()
    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, Cache]:
        ids, mask = self._with_start(prompt_ids, prompt_mask)
        length = ids.shape[1]
        cache = Cache(
            past=[KeyValues() for _ in self.blocks],
            layers=self._layers(),
            visible=None if mask.all() else F.pad(mask, (0, capacity + 1 - length), value=True),
            position=mask.sum(1),
            length=length,
            window=self._windows(prompt_ids, prompt_mask, 1)[:, -1],
        )
        hidden = self._embed(ids, mask.cumsum(1) - 1)
        hidden = read(hidden, cache.layers, causal(mask, length), cache.past)
        return self._logits(self.norm(hidden[:, -1]), cache.window), cache

    @torch.inference_mode()
    def advance(self, tokens: torch.Tensor, cache: Cache) -> tuple[torch.Tensor, Cache]:
        hidden = self._embed(tokens, cache.position).unsqueeze(1)
        cache.length, cache.position = cache.length + 1, cache.position + 1
        attends = None
        if cache.visible is not None:
            attends = _room(cache)[:, None, None, : cache.length]
        hidden = read(hidden, cache.layers, attends, cache.past)
        if self.prior is not None:
            cache.window = self.prior.shifted(cache.window, tokens)
        return self._logits(self.norm(hidden[:, 0]), cache.window), cache

    @torch.inference_mode()
    def extend(
        self, ids: torch.Tensor, mask: torch.Tensor, cache: Cache
    ) -> tuple[torch.Tensor, Cache]:
        begin, count = cache.length, ids.shape[1]
        cache.length = begin + count
        visible = _room(cache)
        visible[:, begin : cache.length] = mask
        known = (ids >= 0) & (ids < self.symbols)
        places = cache.position.unsqueeze(-1) + (mask.cumsum(1) - 1).clamp(min=0)
        hidden = self._embed(ids.masked_fill(~known, self.symbols), places)
        attends = causal(visible[:, : cache.length], count)
        hidden = read(hidden, cache.layers, attends, cache.past)
        cache.position = cache.position + mask.sum(1)
        if self.prior is not None:
            cache.window = self.prior.read(cache.window, ids, mask)
        return self._logits(self.norm(hidden[:, -1]), cache.window), cache

    def forward_answer(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        answer = tokens[:, :-1]
        ids = torch.cat([prompt_ids, answer], 1)
        mask = torch.cat([prompt_mask, torch.ones_like(answer, dtype=torch.bool)], 1)
        all_ids, all_mask = self._with_start(ids, mask)
        hidden = self._embed(all_ids, all_mask.cumsum(1) - 1)
        hidden = read(hidden, self._layers(), causal(all_mask, all_mask.shape[1]))
        count = tokens.shape[1]
        hidden = self.norm(hidden[:, -count:])
        return self._logits(hidden, self._windows(ids, mask, count)), hidden

    def _layers(self) -> list[Layer]:
        return [block.layer() for block in self.blocks]  # type: ignore[operator]

    def _with_start(
        self, ids: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids of embeddings and mask, the start token in front; ids that are none pad."""
        known = (ids >= 0) & (ids < self.symbols) & mask
        ids = ids.masked_fill(~known, self.symbols)
        return F.pad(ids, (1, 0), value=self.symbols), F.pad(mask, (1, 0), value=True)

    def _embed(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        # A finished row reads on while others are running; what it reads is never used.
        last = self.positions.num_embeddings - 1
        embedded: torch.Tensor = self.embedding(ids) + self.positions(positions.clamp(max=last))
        return embedded

    def _windows(self, ids: torch.Tensor, mask: torch.Tensor, count: int) -> torch.Tensor:
        """What the prior reads at the last `count` positions, (B, count, order - 1)."""
        if self.prior is None:
            return ids.new_empty((len(ids), count, 0))
        return self.prior.windows(ids, mask)[:, -count:]

    def _logits(self, hidden: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.output(hidden)
        return logits if self.prior is None else logits + self.prior(windows)

    def _initialise(self, seed: int) -> None:
        """Draw the weights from their own stream, on the CPU, the same for every device."""
        rng = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and not name.startswith("value_head"):
                nn.init.normal_(weight, std=INIT_STD, generator=rng)
        nn.init.zeros_(self.output.weight)


class Block(nn.Module):
    """The weights of one layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.merge = nn.Linear(width, width, bias=False)
        self.norm_mlp = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def layer(self) -> Layer:
        """The weights, for `decoder.read`."""
        return Layer(
            self.heads,
            self.norm_attention.eps,
            Affine(self.norm_attention.weight, self.norm_attention.bias),
            Affine(self.qkv.weight),
            Affine(self.merge.weight),
            Affine(self.norm_mlp.weight, self.norm_mlp.bias),
            Affine(self.up.weight),
            Affine(self.down.weight),
        )


def _room(cache: Cache) -> torch.Tensor:
    """The cache's mask, with room for `length` tokens; it grows by at least its own size."""
    if cache.visible is None:
        shape = (len(cache.position), cache.length)
        cache.visible = torch.ones(shape, dtype=torch.bool, device=cache.position.device)
    size = cache.visible.shape[1]
    if cache.length > size:
        more = max(size, cache.length - size)
        cache.visible = F.pad(cache.visible, (0, more), value=True)
    return cache.visible


def _prior(table: npt.ArrayLike | None, order: int | None, vocab_size: int) -> NgramPrior | None:
    if table is None:
        return None
    prior = NgramPrior(table, order)
    if prior.vocab_size != vocab_size:
        raise ValueError(f"the prior is for {prior.vocab_size} tokens, the policy for {vocab_size}")
    return prior


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
