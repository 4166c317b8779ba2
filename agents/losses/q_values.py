"""Logits read as Q-values of tokens: the value of the chosen one, and of the position.

V_t = temperature log sum_a exp(Q_t(a) / temperature), pi(a | t) = exp((Q_t(a) - V_t) / temperature)

Source: arXiv:1702.08165 (soft Q-learning).
"""

from typing import NamedTuple

import torch

from plaudit.agents import masking, shapes


class Choices(NamedTuple):
    """Q-values at the tokens that were chosen.

    Attributes:
        q: (B, T) reward units, of the chosen token; 0 where masked.
        value: (B, T) reward units, soft value of the position; 0 where masked.
    """

    q: torch.Tensor
    value: torch.Tensor


def choices(
    name: str,
    logits: torch.Tensor,
    tokens: torch.Tensor,
    mask: torch.Tensor,
    *,
    temperature: float,
) -> Choices:
    """Values of the chosen tokens and of their positions; differentiable in the logits.

    Args:
        name: what the logits are called, for messages.
        logits: (B, T, V) reward units, Q-value of every token; masked positions may hold anything.
        tokens: (B, T) int64, the chosen ones; masked positions may hold anything.
        mask: (B, T) bool.
        temperature: reward units per nat, above 0.

    Raises:
        ValueError: a selected number is not finite, a selected token is not in the vocabulary, or
            a bad temperature.
        TypeError: tokens are not int64.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be finite and above 0, got {temperature}")
    tokens = _tokens(tokens, mask, logits.shape[2])
    # One column per position and token, so that the check and its message are those of every loss.
    wide = mask.unsqueeze(2).expand_as(logits).flatten(1)
    logits = masking.select(name, logits.flatten(1), wide).view_as(logits)
    q = logits.gather(2, tokens.unsqueeze(2)).squeeze(2)
    value = temperature * torch.logsumexp(logits / temperature, dim=2)
    return Choices(q, torch.where(mask, value, 0.0))


def following(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Values at each row's next selected position, (B, T); 0 where none follows.

    Args:
        values: (B, T) any unit.
        mask: (B, T) bool; where tokens of the world lie between two choices, they are skipped.
    """
    shapes.check(values=(values, "B T"), mask=(mask, "B T"))
    length = mask.shape[1]
    positions = torch.arange(length, device=mask.device).expand_as(mask)
    here_or_later = torch.where(mask, positions, length).flip(1).cummin(dim=1).values.flip(1)
    later = torch.nn.functional.pad(here_or_later[:, 1:], (0, 1), value=length)
    return torch.nn.functional.pad(values, (0, 1)).gather(1, later)


def _tokens(tokens: torch.Tensor, mask: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """The tokens, 0 where masked."""
    if tokens.dtype != torch.int64:
        raise TypeError(f"tokens: expected torch.int64, got {tokens.dtype}")
    bad = mask & ((tokens < 0) | (tokens >= vocabulary))
    if bool(bad.any()):
        row, position = (int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"tokens: row {row} holds {int(tokens[row, position])} at position {position}; "
            f"expected 0..{vocabulary - 1}, as logits have {vocabulary} columns"
        )
    return torch.where(mask, tokens, 0)
