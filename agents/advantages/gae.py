"""Generalised advantage estimation over the tokens that the policy chose.

delta_t = r_t + gamma V_{t+1} - V_t
A_t     = delta_t + gamma lam A_{t+1}

"Next" is the next *chosen* token of the row: prompts, observations and padding between two chosen
tokens are passed over as if they were not there (several turns of a dialogue in one row).

Source: arXiv:1506.02438 eq. 16; passing over tokens as in verl's compute_gae_advantage_return.
"""

import torch

from plaudit.agents import masking, shapes


def gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    *,
    last_value: torch.Tensor | None = None,
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advantages and the returns that a critic should learn; one episode, or piece of one, a row.

    Args:
        rewards: (B, T) reward units, at the token they were paid for; masked ones are not read,
            so pay at a token the policy chose.
        values: (B, T) reward units, the critic's estimate before each token.
        mask: (B, T) bool, True where the policy chose the token.
        last_value: (B,) reward units, the value of what follows the row: 0 where the episode
            terminated, the critic's estimate where it was cut; None for 0 everywhere.
        gamma: discount per chosen token, in [0, 1].
        lam: 0 trusts the critic (one-step errors), 1 the rewards (Monte Carlo), in [0, 1].

    Returns:
        advantages: (B, T) reward units, 0 where masked, not whitened; without gradient.
        returns: (B, T) reward units, advantages + values, 0 where masked; without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, gamma or lam
            out of range.
        TypeError: the mask is not boolean.

    Source: arXiv:1506.02438 eq. 16.
    """
    shapes.check(
        rewards=(rewards, "B T"),
        values=(values, "B T"),
        mask=(mask, "B T"),
        **({} if last_value is None else {"last_value": (last_value, "B")}),
    )
    for name, fraction in (("gamma", gamma), ("lam", lam)):
        if not 0 <= fraction <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {fraction}")
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    values = masking.select("values", values, mask).detach()
    next_value = values.new_zeros(len(values))
    if last_value is not None:
        rows = mask.any(dim=1, keepdim=True)
        next_value = masking.select("last_value", last_value.unsqueeze(1), rows).detach()[:, 0]
    advantages = torch.zeros_like(values)
    carry = torch.zeros_like(next_value)
    for t in reversed(range(mask.shape[1])):
        chosen = mask[:, t]
        delta = rewards[:, t] + gamma * next_value - values[:, t]
        carry = torch.where(chosen, delta + gamma * lam * carry, carry)
        next_value = torch.where(chosen, values[:, t], next_value)
        advantages[:, t] = carry
    return torch.where(mask, advantages, 0.0), torch.where(mask, advantages + values, 0.0)
