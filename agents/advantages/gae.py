"""Generalised advantage estimation over the positions that the policy chose.

delta_t = r_t + gamma V_{t+1} - V_t
A_t     = delta_t + gamma lam A_{t+1}

"Next" is the next *chosen* position of the row: prompts, observations and padding between two
chosen positions are passed over as if they were not there (several turns of a dialogue in one row).

Source: arXiv:1506.02438 eq. 16; passing over tokens as in verl's compute_gae_advantage_return.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    *,
    last_value: torch.Tensor | None = None,
    ends: torch.Tensor | None = None,
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advantages and the returns that a critic should learn.

    A row is an episode or a piece of one; with `ends` it may hold several, as the steps of one
    world in a vector rollout do. An end counts as termination: where a time limit cut the episode,
    add gamma times the critic's value of its last observation to the reward paid there.

    Args:
        rewards: (B, T) reward units, at the position they were paid for; masked ones are not read,
            so pay at a position the policy chose.
        values: (B, T) reward units, the critic's estimate before each position.
        mask: (B, T) bool, True where the policy chose.
        last_value: (B,) reward units, the value of what follows the row: 0 where the episode
            terminated, the critic's estimate where it was cut; None for 0 everywhere. Not used
            where the row's last position is an end.
        ends: (B, T) bool, the last position of each episode, chosen or not; nothing flows over it.
            None where rows hold one episode.
        gamma: discount per chosen position, in [0, 1].
        lam: 0 trusts the critic (one-step errors), 1 the rewards (Monte Carlo), in [0, 1].

    Returns:
        advantages: (B, T) reward units, 0 where masked, not whitened; without gradient.
        returns: (B, T) reward units, advantages + values, 0 where masked; without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, gamma or lam
            out of range.
        TypeError: the mask or the ends are not boolean.

    Source: arXiv:1506.02438 eq. 16.
    """
    shapes.check(
        rewards=(rewards, "B T"),
        values=(values, "B T"),
        mask=(mask, "B T"),
        **base.present(last_value=(last_value, "B"), ends=(ends, "B T")),
    )
    base.require_fractions(gamma=gamma, lam=lam)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    values = masking.select("values", values, mask).detach()
    last_value = base.read_last_value(last_value, mask)
    advantages = base.estimate(
        rewards, values, mask, gamma=gamma, lam=lam, last_value=last_value, ends=ends
    )
    return advantages, torch.where(mask, advantages + values, 0.0)
