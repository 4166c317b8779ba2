"""Potential-based shaping: rewards plus what the next state promises more than this one.

r'_t = r_t + gamma Phi_{t+1} - Phi_t, with Phi = 0 behind the last chosen position

Along a row the added terms telescope to -Phi at the row's first chosen position. That depends on
the prompt alone, so optimal policies stay as they were for every gamma, whatever the potential, as
long as Phi_t is a function of the state before position t.

`redistribute` is the case gamma = 1, rewards = the score at the last chosen position and Phi_t =
score times what went before t of its shares. Such a Phi knows the finished answer, so it is the
unchanged return of every single row, not this theorem, that keeps optimal policies there.

Source: Ng, Harada & Russell 1999, "Policy invariance under reward transformations"; for answers of
    language models arXiv:2402.00782.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base


def potential_based(
    rewards: torch.Tensor, potentials: torch.Tensor, mask: torch.Tensor, *, gamma: float = 1.0
) -> torch.Tensor:
    """Rewards with the differences of a potential added, (B, T).

    Args:
        rewards: (B, T) reward units, at the position they were paid for.
        potentials: (B, T) reward units, of the state before each position: a progress estimate, a
            reward model's opinion of the unfinished answer, a critic.
        mask: (B, T) bool, True where the policy chose.
        gamma: discount per chosen position, in [0, 1]; the one that returns are discounted with.

    Returns:
        rewards: (B, T) reward units, 0 where masked, without gradient.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, gamma out of
            range.
        TypeError: the mask is not boolean.

    Source: arXiv:2402.00782.
    """
    shapes.check(rewards=(rewards, "B T"), potentials=(potentials, "B T"), mask=(mask, "B T"))
    base.require_fractions(gamma=gamma)
    masking.require(mask)
    rewards = masking.select("rewards", rewards, mask).detach()
    potentials = masking.select("potentials", potentials, mask).detach()
    # The one-step error of a critic that says the potentials is the shaped reward.
    return base.one_step_errors(rewards, potentials, mask, gamma=gamma)
