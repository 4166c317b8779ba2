"""Bi-level generalised advantage estimation: over the turns of a row, then inside each turn.

Turns k with reward r_k (the sum inside it) and value V_k (the critic's before its first position):

A_k = r_k + gamma_turn V_{k+1} - V_k + gamma_turn lam_turn A_{k+1}

Inside a turn plain GAE runs with gamma and lam over its positions and rewards, and what the turns
say comes after it, A_k + V_k - r_k, is paid at its last position. So turns are discounted against
each other, and a long turn costs nothing more than a short one.

Source: arXiv:2510.16907 (VAGEN) and RAGEN, arXiv:2504.20073.
Differs: the published code takes a turn's value at its last token and lets all of a turn's reward
    lie there. Here the turn's value is that before its first position, the state in which the turn
    is decided, and rewards inside a turn count where they are paid. So a row with one turn equals
    `gae(gamma, lam)`, and turns of one position equal `gae(gamma_turn, lam_turn)`. Not whitened.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def bilevel_gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    turns: torch.Tensor,
    *,
    last_value: torch.Tensor | None = None,
    gamma_turn: float = 0.95,
    lam_turn: float = 1.0,
    gamma: float = 1.0,
    lam: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advantages and returns of rows of several turns.

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        values: (B, T) reward units, the critic's estimate before each position.
        mask: (B, T) bool, True where the policy chose.
        turns: (B, T) int64, the number of the turn a chosen position belongs to; must not fall
            along a row. Not read where masked.
        last_value: (B,) reward units, the value of the turn that would follow the row: 0 where the
            episode terminated, the critic's estimate where it was cut; None for 0 everywhere.
        gamma_turn: discount per turn, in [0, 1].
        lam_turn: as `lam`, over turns, in [0, 1].
        gamma: discount per chosen position inside a turn, in [0, 1].
        lam: 0 trusts the critic (one-step errors), 1 the rewards (Monte Carlo), in [0, 1].

    Returns:
        advantages: (B, T) reward units, 0 where masked, not whitened; without gradient.
        returns: (B, T) reward units, advantages + values, 0 where masked; without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, turns fall along
            a row, a discount out of range.
        TypeError: the mask is not boolean, turns are not int64.

    Source: arXiv:2510.16907.
    """
    shapes.check(
        rewards=(rewards, "B T"),
        values=(values, "B T"),
        mask=(mask, "B T"),
        turns=(turns, "B T"),
        **base.present(last_value=(last_value, "B")),
    )
    base.require_fractions(gamma_turn=gamma_turn, lam_turn=lam_turn, gamma=gamma, lam=lam)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    values = masking.select("values", values, mask).detach()
    last_value = base.read_last_value(last_value, mask)
    turn = base.runs("turns", turns, mask)
    paid = base.total(rewards[mask], turn.index)
    over_turns = base.estimate(
        base.placed(paid, turn.first),
        values,
        turn.first,
        gamma=gamma_turn,
        lam=lam_turn,
        last_value=last_value,
    )
    after = over_turns[turn.first] + values[turn.first] - paid
    advantages = base.estimate(
        rewards + base.placed(after, turn.last),
        values,
        mask,
        gamma=gamma,
        lam=lam,
        ends=turn.last,
    )
    return advantages, torch.where(mask, advantages + values, 0.0)
