"""Redistribution: an answer's score paid along the answer instead of at its end.

r_t = (1 - keep) score s_t / sum s  +  keep score [t is the last chosen position]

Shares s are an attention map of the reward model over the answer (ABC), or what each step is
estimated to have contributed (SPA). Every row is still paid its score in all, so undiscounted
returns, and with them the optimal policies, stay as they were; only the delay gets shorter.

Source: arXiv:2402.00782 (Attention Based Credit); arXiv:2505.20732 (SPA-RL).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def redistribute(
    scores: torch.Tensor, shares: torch.Tensor, mask: torch.Tensor, *, keep: float = 0.0
) -> torch.Tensor:
    """Rewards (B, T) whose sum along a row is the row's score.

    Args:
        scores: (B,) reward units, one per answer; not read where a row is all masked.
        shares: (B, T) non-negative, any unit, only their proportions count; where all of a row
            are 0, they are equal. Not read where masked.
        mask: (B, T) bool, True where the policy chose.
        keep: share of the score that stays at the last chosen position, in [0, 1]; 1 is the
            undistributed score.

    Returns:
        rewards: (B, T) reward units, 0 where masked, without gradient; they sum to the score within
            1e-6 of it.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a share is
            negative, keep out of range.
        TypeError: the mask is not boolean.

    Source: arXiv:2402.00782, keep = 1 - beta there.
    """
    shapes.check(scores=(scores, "B"), shares=(shares, "B T"), mask=(mask, "B T"))
    base.require_fractions(keep=keep)
    masking.require(mask)
    alive = mask.any(dim=1, keepdim=True)
    paid = masking.select("scores", scores.unsqueeze(1), alive).detach()
    read = masking.select("shares", shares, mask).detach()
    if bool((read < 0).any()):
        row, place = (int(i) for i in (read < 0).nonzero()[0])
        raise ValueError(
            f"shares: row {row} holds {float(read[row, place])} at position {place}; expected "
            "numbers of at least 0"
        )
    most = read.amax(dim=1, keepdim=True)
    # Against their own largest, so that the sum of huge shares cannot overflow.
    part = torch.where(most > 0, read / most.where(most > 0, 1.0), mask.to(read.dtype))
    part = part / part.sum(dim=1, keepdim=True).where(alive, 1.0)
    last = mask & (base.next_chosen(mask) == mask.shape[1])
    return paid * ((1 - keep) * part + keep * last.to(read.dtype))
