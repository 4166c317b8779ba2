"""Generalised advantage estimation over macro actions: several tokens that are one decision.

Macro actions m with reward r_m (the sum inside it) and value V_m (the critic's before its first
position): A_m = r_m + gamma V_{m+1} - V_m + gamma lam A_{m+1}, and all its positions get A_m.

With macro actions of one token this is `gae`; with one for the whole answer it is the bandit's
"score minus value". `macro_actions` holds ways to cut an answer.

Source: arXiv:2410.02743 (MA-RLHF).
Differs: the value of a macro action is the critic's before it begins, not a mean of the values
    inside it, which would read tokens that the action has yet to choose.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def macro_gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    macros: torch.Tensor,
    *,
    last_value: torch.Tensor | None = None,
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One advantage per macro action, at all its positions, and returns for the critic.

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        values: (B, T) reward units, the critic's estimate before each position; read at the first
            position of each macro action.
        mask: (B, T) bool, True where the policy chose.
        macros: (B, T) int64, the number of the macro action a chosen position belongs to; must not
            fall along a row. Not read where masked.
        last_value: (B,) reward units, the value of what follows the row: 0 where the episode
            terminated, the critic's estimate where it was cut; None for 0 everywhere.
        gamma: discount per macro action, in [0, 1].
        lam: 0 trusts the critic (one-step errors), 1 the rewards (Monte Carlo), in [0, 1].

    Returns:
        advantages: (B, T) reward units, equal inside a macro action, 0 where masked; without
            gradient.
        returns: (B, T) reward units, A_m + V_m at all positions of m, 0 where masked; without
            gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, macros fall
            along a row, gamma or lam out of range.
        TypeError: the mask is not boolean, macros are not int64.

    Source: arXiv:2410.02743.
    """
    shapes.check(
        rewards=(rewards, "B T"),
        values=(values, "B T"),
        mask=(mask, "B T"),
        macros=(macros, "B T"),
        **base.present(last_value=(last_value, "B")),
    )
    base.require_fractions(gamma=gamma, lam=lam)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    values = masking.select("values", values, mask).detach()
    last_value = base.read_last_value(last_value, mask)
    macro = base.runs("macros", macros, mask)
    over_macros = base.estimate(
        base.placed(base.total(rewards[mask], macro.index), macro.first),
        values,
        macro.first,
        gamma=gamma,
        lam=lam,
        last_value=last_value,
    )
    advantages = over_macros[macro.first]
    returns = advantages + values[macro.first]
    return base.placed(advantages[macro.index], mask), base.placed(returns[macro.index], mask)
