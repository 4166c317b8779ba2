"""An n-gram language model as a token policy: exact, parameterless, a reference for KL terms.

pi(token | last order - 1 tokens) = exp(logp_table[context]); see `prior` for the layout.

Source: own design.
"""

from typing import Unpack

import numpy.typing as npt
import torch

from plaudit.agents.device import resolve_device
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.prior import NgramPrior
from plaudit.agents.policies.sampling import Sampling


class NgramPolicy(TokenPolicy):
    """Samples from a table of log-probabilities.

    Args:
        logp_table: (S, V) log-probabilities, nats, S = (V + 1) ** (order - 1); a row is found by
            the number that the last order - 1 tokens write in base V + 1, the most recent least
            significant, V standing for "nothing before".
        order: n of the n-gram, tokens; read off the table's shape if None.
        pad_id: default V.
        eos_id: token that ends an answer, if any.
        seed: of the stream that `predict` draws from.
        device: "auto" is a GPU where there is one.
        sampling: temperature, top_k, top_p.

    Raises:
        ValueError: the table has another shape, or a row is not a distribution.

    Source: own design.
    """

    def __init__(
        self,
        logp_table: npt.ArrayLike,
        order: int | None = None,
        pad_id: int | None = None,
        *,
        eos_id: int | None = None,
        seed: int = 0,
        device: str = "auto",
        **sampling: Unpack[Sampling],
    ) -> None:
        prior = NgramPrior(logp_table, order)
        vocab = prior.vocab_size
        super().__init__(
            vocab,
            pad_id=vocab if pad_id is None else pad_id,
            eos_id=eos_id,
            seed=seed,
            **sampling,
        )
        self.prior = prior
        self.to(resolve_device(device))

    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        window = self.prior.windows(prompt_ids, prompt_mask)[:, -1]
        return self.prior(window), window

    def advance(
        self, tokens: torch.Tensor, cache: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        window = self.prior.shifted(cache, tokens)
        return self.prior(window), window

    def extend(
        self, ids: torch.Tensor, mask: torch.Tensor, cache: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        window = self.prior.read(cache, ids, mask)
        return self.prior(window), window

    def forward_answer(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities (B, T, V), and hidden states of width 0: there are none."""
        ids = torch.cat([prompt_ids, tokens[:, :-1]], 1)
        mask = torch.cat([prompt_mask, torch.ones_like(tokens[:, :-1], dtype=torch.bool)], 1)
        logits = self.prior(self.prior.windows(ids, mask)[:, -tokens.shape[1] :])
        return logits, logits[..., :0]
