"""Win rate: the share of the policy's own other answers to a prompt that an answer beats.

w_i = mean over j != i in the group of P(i beats j)

Used as a score it needs no reward model: any preference will do, also an intransitive one, and
playing against oneself climbs towards the minimax winner.

Source: arXiv:2401.04056 (Self-Play Preference Optimization).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def win_rate(
    scores: torch.Tensor | None,
    groups: torch.Tensor,
    *,
    preferences: torch.Tensor | None = None,
    ties: float = 0.5,
    centred: bool = False,
) -> torch.Tensor:
    """How often each row beats the others of its group, (B,).

    A row alone in its group has nobody to beat and gets `ties`, or 0 when centred. Failed rollouts
    have no score: leave their rows out.

    Args:
        scores: (B,) reward units, the higher wins; not read, and may be None, where preferences
            are given.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.
        preferences: (B, B) in [0, 1], the probability that row i beats row j; read for different
            rows of a group only, the other cells may hold anything. None to compare scores.
        ties: what two equal scores give each row, in [0, 1].
        centred: subtract the group's mean win rate, so that groups sum to 0.

    Returns:
        rates: (B,) in [0, 1], or in [-1, 1] centred; without gradient.

    Raises:
        ValueError: shapes differ, no rows, a number that is read is not finite or no probability,
            neither scores nor preferences, ties out of range.
        TypeError: groups are not int64.

    Source: arXiv:2401.04056.
    """
    shapes.check(
        groups=(groups, "B"), **base.present(scores=(scores, "B"), preferences=(preferences, "B B"))
    )
    base.require_fractions(ties=ties)
    base.require_int64("groups", groups)
    rivals = groups.unsqueeze(1) == groups.unsqueeze(0)
    rivals = rivals & ~torch.eye(len(groups), dtype=torch.bool, device=groups.device)
    if preferences is not None:
        wins = masking.select("preferences", preferences, rivals).detach()
        _require_probabilities(wins)
    elif scores is not None:
        base.require_finite("scores", scores)
        ahead = masking.widen(scores.detach()).unsqueeze(1)
        wins = (ahead > ahead.t()).to(ahead.dtype) + ties * (ahead == ahead.t())
    else:
        raise ValueError("win_rate needs scores (B,) or preferences (B, B), got neither")
    number = rivals.sum(dim=1)
    rates = torch.where(rivals, wins, 0.0).sum(dim=1) / number.clamp(min=1)
    rates = torch.where(number > 0, rates, ties)
    return base.grouped(rates, groups).deviation if centred else rates


def _require_probabilities(wins: torch.Tensor) -> None:
    bad = (wins < 0) | (wins > 1)
    if bool(bad.any()):
        row, other = (int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"preferences: row {row} beats row {other} with {float(wins[row, other])}; expected a "
            "probability in [0, 1]"
        )
