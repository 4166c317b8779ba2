"""Returns to go: what was still paid from each chosen token on.

G_t = r_t + gamma G_{t+1}, over the tokens that the policy chose

Source: Sutton and Barto (2018), "Reinforcement Learning", eq. 3.9.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def returns_to_go(rewards: torch.Tensor, mask: torch.Tensor, *, gamma: float = 1.0) -> torch.Tensor:
    """Discounted sum of a row's rewards from each chosen token on, (B, T).

    Tokens that are masked are passed over as in `gae`: they are not read and cost no discount.

    Args:
        rewards: (B, T) reward units, at the token they were paid for; masked ones are not read,
            so pay at a token the policy chose.
        mask: (B, T) bool, True where the policy chose the token.
        gamma: discount per chosen token, in [0, 1].

    Returns:
        returns: (B, T) reward units, 0 where masked; without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected reward is not finite, a bad gamma.
        TypeError: the mask is not boolean.

    Source: Sutton and Barto (2018), "Reinforcement Learning", eq. 3.9.
    """
    shapes.check(rewards=(rewards, "B T"), mask=(mask, "B T"))
    base.require_fraction("gamma", gamma)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    returns = torch.zeros_like(rewards)
    carry = rewards.new_zeros(len(rewards))
    for t in reversed(range(mask.shape[1])):
        carry = torch.where(mask[:, t], rewards[:, t] + gamma * carry, carry)
        returns[:, t] = carry
    return torch.where(mask, returns, 0.0)
