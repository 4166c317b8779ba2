"""Returns to go: what a row was paid from a position on, the advantage of plain REINFORCE.

R_t = r_t + gamma R_{t+1}

Source: Williams 1992, doi:10.1007/BF00992696; rewards before an action are left out as in
    Sutton et al. 2000, "Policy gradient methods for reinforcement learning with function
    approximation".
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def returns_to_go(
    rewards: torch.Tensor,
    mask: torch.Tensor,
    *,
    ends: torch.Tensor | None = None,
    gamma: float = 1.0,
) -> torch.Tensor:
    """Discounted sum of the rewards at this and the following chosen positions, (B, T).

    Positions that were not chosen are passed over: they neither pay nor discount.

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        mask: (B, T) bool, True where the policy chose.
        ends: (B, T) bool, the last position of each episode where rows hold several, chosen or
            not; nothing flows over it. None where rows hold one episode.
        gamma: discount per chosen position, in [0, 1].

    Returns:
        advantage: (B, T) reward units, 0 where masked, without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, gamma out of
            range.
        TypeError: the mask or the ends are not boolean.

    Source: doi:10.1007/BF00992696.
    """
    shapes.check(rewards=(rewards, "B T"), mask=(mask, "B T"), **base.present(ends=(ends, "B T")))
    base.require_fractions(gamma=gamma)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    return base.backward_sum(rewards, mask, gamma, ends)
