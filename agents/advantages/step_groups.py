"""Step groups (GiGPO): whole episodes compared, and turns that began in the same state compared.

A = A_episode + weight * A_turn

A_episode compares a row's score with those of its group. A_turn compares the discounted return
from a turn on with those of all turns of the group that were taken in the same state, of any row.

Source: arXiv:2505.10978 (GiGPO) eqs. 3 and 6 to 8.
Differs: `EPSILON` is added to standard deviations. Rows count once each in A_episode, as in the
    paper; the authors' code counts a row once per turn.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def step_groups(
    rewards: torch.Tensor,
    mask: torch.Tensor,
    groups: torch.Tensor,
    turns: torch.Tensor,
    states: torch.Tensor,
    *,
    weight: float = 1.0,
    gamma: float = 0.95,
    std: base.Std = "group",
) -> torch.Tensor:
    """Group-relative advantage of the episode and of each turn, at all positions of the turn.

    A state seen once, and a row alone in its group, have nothing to compare and get exactly 0.
    Failed rows (all masked) enter no mean and get 0.

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        mask: (B, T) bool, True where the policy chose.
        groups: (B,) int64, rows with equal numbers began in the same state.
        turns: (B, T) int64, the number of the turn a chosen position belongs to; must not fall
            along a row. Not read where masked.
        states: (B, T) int64, equal numbers where the same state was seen when the turn was taken;
            read at the first position of each turn.
        weight: of the turns' part, at least 0; with 0 this is `group` of the scores.
        gamma: discount per turn, in [0, 1].
        std: whose spread divides both parts: "group" (of the rows; of the turns that share a
            state), "batch" (of all rows; of all turns), or "none" at all.

    Returns:
        advantage: (B, T) standard deviations, or reward units with "none"; equal inside a turn,
            0 where masked; without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, turns fall along
            a row, weight or gamma out of range, unknown `std`.
        TypeError: the mask is not boolean; groups, turns or states are not int64.

    Source: arXiv:2505.10978 eq. 8.
    """
    shapes.check(
        rewards=(rewards, "B T"),
        mask=(mask, "B T"),
        groups=(groups, "B"),
        turns=(turns, "B T"),
        states=(states, "B T"),
    )
    base.require_fractions(gamma=gamma)
    if not 0 <= weight < float("inf"):
        raise ValueError(f"weight must be finite and at least 0, got {weight}")
    masking.require(mask)
    base.require_int64("states", states)
    rewards = masking.select("rewards", rewards, mask).detach()
    alive = mask.any(dim=1)
    episode = base.standardised(rewards.sum(dim=1)[alive], groups[alive], std)
    turn = base.runs("turns", turns, mask)
    paid = base.placed(base.total(rewards[mask], turn.index), turn.first)
    to_go = base.backward_sum(paid, turn.first, gamma)[turn.first]
    steps = base.standardised(to_go, _cells(groups, states, turn.first), std)
    both = base.placed(episode, alive).unsqueeze(1) + weight * base.placed(steps[turn.index], mask)
    return torch.where(mask, both, 0.0)


def _cells(groups: torch.Tensor, states: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """A number for each pair of group and state, (R,), of the turns that begin where `first`."""
    pairs = torch.stack([groups.unsqueeze(1).expand_as(states)[first], states[first]])
    cells: torch.Tensor = torch.unique(pairs, dim=1, return_inverse=True)[1]
    return cells
