r"""Exact policy gradient under a limit on costs: a multiplier prices them as the policy climbs.

    l_t(s, a) += lr (dJ/dl_t(s, a) - lambda dC/dl_t(s, a)) / (1 + lambda)

J is the expected return less a KL to random legal play, C the expected cost; lambda moves by
`Multiplier` after every step. Nothing is sampled, so what is left undone is the multiplier's and
the optimiser's alone.

Source: arXiv:2310.12773, section 3.3; Sutton et al. 1999 (policy gradient theorem).
Differs: exact expectations over a finite process in place of PPO's samples.
"""

from typing import NamedTuple

import numpy as np

from plaudit.agents.advantages.lagrangian import Multiplier
from plaudit.envs.finite.mdp import FiniteMDP, Floats
from plaudit.envs.finite.policy_gradient import policy_slope
from plaudit.envs.finite.solution import policy_value
from plaudit.feedback.learned_process import paid


class Climb(NamedTuple):
    """Where a climb under a limit ended, and how it went there.

    Attributes:
        policy: (H, S, A) probabilities, as of the last step.
        prices: (updates,) of a unit of cost, reward units, in each step.
        costs: (updates,) expected cost per episode before each step.
    """

    policy: Floats
    prices: Floats
    costs: Floats


def constrained_climb(
    mdp: FiniteMDP,
    costs: Floats,
    multiplier: Multiplier | None,
    updates: int,
    *,
    lr: float = 1.0,
    beta: float = 0.0,
) -> Climb:
    """Climb from random legal play on.

    Args:
        mdp: the process.
        costs: (S, A) of each pair, cost units.
        multiplier: is moved in place; None for a price of 0, without a limit.
        updates: steps, >= 0.
        lr: step size in logits, 1 / unit of reward, > 0.
        beta: of the KL, unit of reward per nat, >= 0.

    Raises:
        ValueError: a setting out of its range, or costs of another shape.
    """
    if updates < 0 or not (lr > 0 and beta >= 0):
        raise ValueError(
            f"updates and beta must be at least 0 and lr above 0, got {updates}, {beta} and {lr}"
        )
    charged = paid(mdp, costs)
    with np.errstate(divide="ignore"):
        start = np.log(np.broadcast_to(mdp.uniform(), (mdp.horizon, *mdp.legal.shape)))
    logits, policy = start.copy(), np.exp(start)
    told = np.zeros((2, updates))
    for step in range(updates):
        price = 0.0 if multiplier is None else multiplier.value
        told[:, step] = price, policy_value(charged, policy)
        gain = policy_slope(mdp, policy, beta, start)
        harm = policy_slope(charged, policy, 0.0, start)
        logits += lr * (gain - price * harm) / (1 + price)
        tilted = np.exp(logits - logits.max(2, keepdims=True))
        policy = tilted / tilted.sum(2, keepdims=True)
        if multiplier is not None:
            multiplier.step(told[1, step])
    return Climb(policy, told[0], told[1])
