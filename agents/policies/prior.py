"""An n-gram table as a next-token distribution: the context's row of log-probabilities.

The context is the last `order - 1` tokens, each 0 .. V - 1, or V where nothing stands before.
Its row is the number it writes in base V + 1, the most recent token least significant:
index = sum_j token[-1 - j] * (V + 1) ** j.

Source: own design; the layout is that of the exact token worlds.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

TOLERANCE = 1e-3
"""How far the logarithm of a row's total probability may be from 0, nats."""


class NgramPrior(nn.Module):
    """A table of log-probabilities that policies look up; it has no parameters.

    Args:
        logp_table: (S, V) log-probabilities, nats, S = (V + 1) ** (order - 1).
        order: n of the n-gram, tokens; read off the table's shape if None.

    Raises:
        ValueError: the shape is not that of an n-gram table, or a row does not sum to one.
    """

    logp_table: torch.Tensor

    def __init__(self, logp_table: npt.ArrayLike, order: int | None = None) -> None:
        super().__init__()
        table = np.array(logp_table, dtype=np.float64)
        self.order = _order(table, order)
        self.vocab_size = table.shape[1]
        with np.errstate(divide="ignore"):
            totals = np.log(np.exp(table).sum(1))
        wrong = np.flatnonzero(~(np.abs(totals) <= TOLERANCE))
        if len(wrong):
            raise ValueError(
                f"logp_table must hold log-probabilities, but row {wrong[0]} sums to "
                f"{np.exp(totals[wrong[0]]):.4g}, not 1"
            )
        self.register_buffer("logp_table", torch.from_numpy(table).float())

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """The log-probabilities (..., V) after contexts (..., order - 1), most recent last."""
        index = torch.zeros(window.shape[:-1], dtype=torch.int64, device=window.device)
        for j in range(self.order - 1):
            index = index * (self.vocab_size + 1) + window[..., j]
        return self.logp_table[index]

    def windows(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The contexts after 0, 1, ... L tokens: ids and mask (B, L) to (B, L + 1, order - 1)."""
        known = mask & (ids >= 0) & (ids < self.vocab_size)
        ids = ids.masked_fill(~known, self.vocab_size)
        width = self.order - 1
        if width == 0:
            return ids.new_zeros((len(ids), ids.shape[1] + 1, 0))
        padded = nn.functional.pad(ids, (width, 0), value=self.vocab_size)
        return padded.unfold(1, width, 1)

    def read(self, window: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The contexts (B, order - 1) after those of the tokens (B, L) that a mask selects."""
        for token, read in zip(ids.unbind(1), mask.unbind(1), strict=True):
            window = torch.where(read.unsqueeze(-1), self.shifted(window, token), window)
        return window

    def shifted(self, window: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """The contexts (B, order - 1) after one more token per row, (B,)."""
        tokens = tokens.clamp(max=self.vocab_size)
        return torch.cat([window, tokens.unsqueeze(-1)], -1)[:, 1:]


def _order(table: npt.NDArray[np.float64], order: int | None) -> int:
    """The order that the table's shape implies, checked against the one given."""
    if table.ndim != 2:
        raise ValueError(f"logp_table must have shape (S, V), got {table.shape}")
    rows, vocab = table.shape
    implied = 1 + round(np.log(rows) / np.log(vocab + 1)) if rows and vocab else 0
    if implied < 1 or (vocab + 1) ** (implied - 1) != rows:
        raise ValueError(
            f"logp_table for V = {vocab} tokens needs (V + 1) ** (order - 1) rows, got {rows}"
        )
    if order is not None and order != implied:
        raise ValueError(
            f"logp_table of order {order} for V = {vocab} tokens needs "
            f"{(vocab + 1) ** (order - 1)} rows, got {rows}"
        )
    return implied
