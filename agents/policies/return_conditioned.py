"""A policy that is told in front of the prompt how well to do, and is asked for the best.

pi(answer | bucket, prompt): learned with the bucket that each answer's return fell into, used with
the highest one.

Source: arXiv:2106.01345 (decision transformer); arXiv:2403.04642 (two buckets).
"""

from typing import Any

import torch

from plaudit.agents import shapes
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.types import TokenBatch


class ReturnConditioned(TokenPolicy):
    """Puts one of K bucket tokens in front of every prompt that another policy reads.

    Sampled, scored and predicted with, it reads `aim`, at first the best bucket. Training scores
    answers under buckets of their own: `policy.inner.evaluate(policy.told(batch, buckets))`.

    Args:
        inner: reads and writes; its last K symbols, which nothing can write, are the buckets.
        buckets: K, at least 2.
        seed: of the stream that `predict` draws from.

    Raises:
        ValueError: too few buckets, or too few symbols to name them.

    Source: arXiv:2403.04642.
    Differs: the bucket is one token with an embedding of its own, there it is spelled out.
    """

    def __init__(self, inner: TokenPolicy, buckets: int = 4, *, seed: int = 0) -> None:
        if buckets < 2:
            raise ValueError(f"buckets must be at least 2, got {buckets}")
        if inner.symbols < inner.vocab_size + buckets:
            raise ValueError(
                f"{buckets} buckets need as many symbols that nothing can write: the policy reads "
                f"{inner.symbols} and writes {inner.vocab_size}; make it with symbols= of at least "
                f"{inner.vocab_size + buckets}, more where prompts hold such symbols too"
            )
        super().__init__(
            inner.vocab_size,
            pad_id=inner.pad_id,
            eos_id=inner.eos_id,
            context=None if inner.context is None else inner.context - 1,
            seed=seed,
            temperature=inner.temperature,
            top_k=inner.top_k,
            top_p=inner.top_p,
        )
        self.inner, self.buckets, self.aim = inner, buckets, buckets - 1
        self.symbols = inner.symbols - buckets

    def told(self, batch: TokenBatch, buckets: torch.Tensor) -> TokenBatch:
        """The same answers to prompts that begin with buckets, for `inner`.

        Args:
            batch: (B, T).
            buckets: (B,) int64, 0 .. K - 1, higher is better.

        Raises:
            ValueError: not one bucket per row, or a bucket out of its range.
        """
        shapes.check(tokens=(batch.tokens, "B T"), buckets=(buckets, "B"))
        if len(buckets) and not 0 <= int(buckets.min()) <= int(buckets.max()) < self.buckets:
            raise ValueError(f"buckets must be in 0..{self.buckets - 1}, got {buckets.tolist()}")
        ids, mask = self._in_front(batch.prompt_ids, batch.prompt_mask, buckets)
        return TokenBatch(ids, mask, batch.tokens, batch.action_mask, batch.logp, batch.status)

    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, Any]:
        return self.inner.start(*self._aimed(prompt_ids, prompt_mask), capacity + 1)

    def advance(self, tokens: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        return self.inner.advance(tokens, cache)

    def extend(self, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        return self.inner.extend(ids, mask, cache)

    def forward_answer(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self.inner.forward_answer(*self._aimed(prompt_ids, prompt_mask), tokens)

    def _aimed(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if not 0 <= self.aim < self.buckets:
            raise ValueError(f"aim must be in 0..{self.buckets - 1}, got {self.aim}")
        aims = torch.full((len(ids),), self.aim, device=ids.device)
        return self._in_front(ids, mask, aims)

    def _in_front(
        self, ids: torch.Tensor, mask: torch.Tensor, buckets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts (B, P + 1), a bucket in front of the first token that is no padding."""
        place = (~mask).sum(1, keepdim=True)
        ids = torch.nn.functional.pad(ids, (1, 0), value=self.pad_id)
        mask = torch.nn.functional.pad(mask, (1, 0), value=False)
        named = (self.symbols + buckets).to(ids.device).unsqueeze(1)
        return ids.scatter(1, place, named), mask.scatter(1, place, True)

    def _shared(self) -> list[Any]:
        return self.inner._shared()
