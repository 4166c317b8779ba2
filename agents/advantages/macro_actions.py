"""Ways to cut an answer into macro actions: runs of tokens that count as one decision.

Each returns `macros` (B, T) int64: at a chosen position the number of its macro action, counted
from 0 along the row; -1 where the policy did not choose. `macro_gae` reads them.

Source: arXiv:2410.02743 (MA-RLHF).
"""

import torch

from plaudit.agents import masking, shapes

UNCHOSEN = -1


def n_gram(mask: torch.Tensor, n: int) -> torch.Tensor:
    """Macro actions of n chosen positions each; the last of a row may be shorter, (B, T) int64.

    Args:
        mask: (B, T) bool, True where the policy chose.
        n: positions per macro action, at least 1; with n >= T a row is one macro action.

    Raises:
        ValueError: shape, n below 1, all is masked.
        TypeError: the mask is not boolean.

    Source: arXiv:2410.02743, fixed n-gram based termination.
    """
    shapes.check(mask=(mask, "B T"))
    masking.require(mask)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    return torch.where(mask, (mask.cumsum(dim=1) - 1) // n, UNCHOSEN)


def given(starts: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Macro actions that begin where one says: words, clauses, lines of code, turns, (B, T) int64.

    Args:
        starts: (B, T) bool, True where a macro action begins; a row's first chosen position
            always begins one. Not read where masked.
        mask: (B, T) bool, True where the policy chose.

    Raises:
        ValueError: shapes differ, all is masked.
        TypeError: the mask or the starts are not boolean.

    Source: arXiv:2410.02743, parsing based termination.
    """
    shapes.check(starts=(starts, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    if starts.dtype != torch.bool:
        raise TypeError(f"starts: expected torch.bool, got {starts.dtype}; use starts.bool()")
    first = mask.cumsum(dim=1) == 1
    return torch.where(mask, ((starts | first) & mask).cumsum(dim=1) - 1, UNCHOSEN)


def perplexity(logp: torch.Tensor, mask: torch.Tensor, *, rise: float = 0.0) -> torch.Tensor:
    """Macro actions along which the text gets ever less surprising, (B, T) int64.

    A macro action ends before a token whose -logp exceeds that of the chosen token before it.

    Args:
        logp: (B, T) nats, of the chosen tokens, usually under the reference policy.
        mask: (B, T) bool, True where the policy chose.
        rise: nats by which -logp must grow to begin a macro action, at least 0.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, rise below 0.
        TypeError: the mask is not boolean.

    Source: arXiv:2410.02743, perplexity based termination (rise 0).
    """
    shapes.check(logp=(logp, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    if not rise >= 0:
        raise ValueError(f"rise must be at least 0 nats, got {rise}")
    surprise = -masking.select("logp", logp, mask).detach()
    # The chosen position before each: the highest one so far, moved on by one.
    places = torch.arange(mask.shape[1], device=mask.device)
    latest = torch.where(mask, places, 0).cummax(dim=1).values
    before = torch.nn.functional.pad(latest, (1, 0))[:, :-1]
    return given(surprise - surprise.gather(1, before) > rise, mask)
