"""A causal transformer with one query at the end: a score of a text, and where it was read.

    a_i = softmax_i(q_last . k_i / sqrt(d)),   averaged over the heads

In front of that last layer stand ordinary pre-norm layers; behind it a residual block and a linear
score that starts at zero.

Source: arXiv:2402.00782, section 3.2.
Differs: the last layer has one query, since what other positions would gather is not read.
"""

import torch
from torch import nn
from torch.nn import functional as F

EMBEDDING_STD, POSITION_STD = 0.3, 0.1
"""Initial spreads. Small: what a token is should not drown in where it stands."""


class AttentionNet(nn.Module):
    """Ids (B, L) -> score (B,) and attention (B, L).

    Args:
        pad_id: of padding, wherever it stands.
        symbols: largest id that is no padding, or more.
        context: most tokens of a text.
        layers: at least 1, the reading one included.
        width, heads: `heads` divides `width`.

    Source: arXiv:2402.00782.
    """

    def __init__(
        self, pad_id: int, symbols: int, context: int, layers: int, width: int, heads: int
    ) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(symbols + 1, width)
        self.positions = nn.Embedding(context, width)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        nn.init.normal_(self.positions.weight, std=POSITION_STD)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, F.gelu, batch_first=True, norm_first=True
            )
            for _ in range(layers - 1)
        )
        self.norm = nn.LayerNorm(width)
        self.last = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.head = nn.Linear(width, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Score (B,) and attention (B, L), 0 on padding, of texts with at least one token each."""
        real = ids != self.pad_id
        # Padding goes behind, where nothing causal sees it.
        order = (~real).int().argsort(dim=1, stable=True)
        count = real.sum(1)
        longest = int(count.max()) if len(ids) else 0
        front = order[:, :longest]
        hidden = self.embedding(ids.gather(1, front)) + self.positions.weight[:longest]
        blocked = torch.ones(longest, longest, dtype=torch.bool).triu(1)
        for layer in self.layers:
            hidden = layer(hidden, src_mask=blocked)
        rows = torch.arange(len(ids))
        keys = self.norm(hidden)
        query = keys[rows, count - 1].unsqueeze(1)
        unread = torch.arange(longest) >= count.unsqueeze(1)
        gathered, weights = self.last(query, keys, keys, key_padding_mask=unread)
        end = hidden[rows, count - 1] + gathered[:, 0]
        score = self.head(end + self.mlp(end))[:, 0]
        looked = torch.zeros(ids.shape, dtype=weights.dtype).scatter(1, front, weights[:, 0])
        return score, looked
