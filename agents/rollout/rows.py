"""Rows of written and heard tokens, as they grow, and the tensors they become.

    prompt | written heard written heard ... written        one row, without gaps

Source: own design.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from plaudit.agents.types import Rollout, TokenBatch


@dataclass
class Row:
    """One conversation, token by token.

    Attributes:
        prompt: what was heard first.
        tokens: what was written and heard since.
        chosen: which of these the policy wrote.
        logp: of each written token, nats; 0 for heard ones.
        rewards: paid at each token.
        costs: of each token, where the world tells them.
        costed: whether it told one.
        turns: number of the turn in which each was written; 0 for heard ones.
        states: a number for what was seen when that turn began; 0 for heard ones.
        status: as in `TokenBatch`.
    """

    prompt: list[int]
    tokens: list[int] = field(default_factory=list)
    chosen: list[bool] = field(default_factory=list)
    logp: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    costed: bool = False
    turns: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    status: str = "length"

    def __len__(self) -> int:
        """Tokens, the prompt included."""
        return len(self.prompt) + len(self.tokens)

    def write(self, tokens: Sequence[int], logp: Sequence[float], turn: int, state: int) -> None:
        """Append what the policy wrote in a turn."""
        self._append(tokens, logp, chosen=True, turn=turn, state=state)

    def hear(self, tokens: Sequence[int]) -> None:
        """Append what the world said."""
        self._append(tokens, [0.0] * len(tokens), chosen=False, turn=0, state=0)

    def pay(self, reward: float, cost: float | None = None) -> None:
        """Add a reward at the last token, and a cost where the world tells one."""
        self.rewards[-1] += reward
        if cost is not None:
            self.costs[-1] += cost
            self.costed = True

    def fail(self) -> None:
        """Let nothing be learned from the row: no token counts as chosen, and nothing was paid."""
        self.status = "failed"
        self.chosen = [False] * len(self.tokens)
        nothing = [0.0] * len(self.tokens)
        self.logp, self.rewards, self.costs = nothing, [*nothing], [*nothing]

    def _append(
        self, tokens: Sequence[int], logp: Sequence[float], *, chosen: bool, turn: int, state: int
    ) -> None:
        count = len(tokens)
        self.tokens += tokens
        self.logp += logp
        self.chosen += [chosen] * count
        self.rewards += [0.0] * count
        self.costs += [0.0] * count
        self.turns += [turn] * count
        self.states += [state] * count


def filled(
    rows: Sequence[Row], pad_id: int, device: torch.device, seeds: Sequence[int] | None = None
) -> Rollout:
    """Rows as tensors on a device, padded behind; prompts are padded on the left.

    Args:
        rows: at least one.
        pad_id: fills prompts and tokens.
        device: where the tensors go.
        seeds: rows with equal ones form a group; None for rows that have nothing to do with one
            another.
    """
    prompts, prompt_mask = left_padded([row.prompt for row in rows], pad_id, device)
    length = max(1, *(len(row.tokens) for row in rows))

    def behind(values: list[list[float]], fill: float, dtype: torch.dtype) -> torch.Tensor:
        whole = [[*some, *[fill] * (length - len(some))] for some in values]
        return torch.tensor(whole, dtype=dtype, device=device)

    batch = TokenBatch(
        prompts,
        prompt_mask,
        behind([list(row.tokens) for row in rows], pad_id, torch.int64),
        behind([list(row.chosen) for row in rows], False, torch.bool),
        behind([row.logp for row in rows], 0.0, torch.float32),
        tuple(row.status for row in rows),
    )
    # Rows that all failed cannot say that their world tells no costs; other ranks may have some.
    costed = any(row.costed for row in rows) or all(row.status == "failed" for row in rows)
    return Rollout(
        batch,
        behind([row.rewards for row in rows], 0.0, torch.float32),
        groups_of(range(len(rows)) if seeds is None else seeds, device),
        behind([list(row.turns) for row in rows], 0, torch.int64),
        behind([list(row.states) for row in rows], 0, torch.int64),
        costs=behind([row.costs for row in rows], 0.0, torch.float32) if costed else None,
    )


def groups_of(seeds: Sequence[int], device: torch.device) -> torch.Tensor:
    """(B,) int64, equal where seeds are, numbered from 0."""
    return torch.from_numpy(np.unique(np.asarray(seeds), return_inverse=True)[1]).to(device)


def state_number(shown: bytes) -> int:
    """A number for what was seen: equal bytes, equal numbers."""
    digest = hashlib.blake2b(shown, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def left_padded(
    rows: Sequence[Sequence[int]], pad_id: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (B, L) int64 and mask (B, L) bool of rows of different lengths.

    Args:
        rows: of token ids; some may be empty.
        pad_id: fills the left.
        device: where the tensors go.
    """
    length = max(len(row) for row in rows)
    ids = [[pad_id] * (length - len(row)) + list(row) for row in rows]
    counts = torch.tensor([length - len(row) for row in rows], device=device)
    mask = torch.arange(length, device=device) >= counts.unsqueeze(1)
    return torch.tensor(ids, dtype=torch.int64, device=device), mask
