r"""Exact policy gradient: a softmax policy climbs the objective of a finite process.

    pi_t(a|s)    = softmax_a l_t(s, a)
    dJ/dl_t(s,a) = P(s_t = s) pi_t(a|s) (Q_t(s, a) - b log(pi_t(a|s) / p_t(a|s)) - V_t(s))

J = E[return] - b KL(pi || p), its Q and V those of pi with the KL to come. Nothing is sampled, so
what is left undone is the optimiser's alone.

Source: Sutton et al. 1999 (policy gradient theorem); arXiv:1908.00261, section 4 (softmax).
"""

import numpy as np

from plaudit.envs.finite.mdp import FiniteMDP, Floats
from plaudit.envs.finite.solution import check_policy, occupancy


def climbed(
    mdp: FiniteMDP,
    updates: int,
    *,
    lr: float = 1.0,
    beta: float = 0.0,
    reference: Floats | None = None,
) -> Floats:
    """(H, S, A) the policy after so many steps of gradient ascent from the reference.

    Args:
        mdp: the process.
        updates: steps, >= 0.
        lr: step size in logits, 1 / unit of reward, > 0.
        beta: unit of reward per nat, >= 0.
        reference: (S, A) or (H, S, A) probabilities; None: even over the legal actions.

    Raises:
        ValueError: a setting out of its range, or the reference is no policy.
    """
    if updates < 0 or not (lr > 0 and beta >= 0):
        raise ValueError(
            f"updates and beta must be at least 0 and lr above 0, got {updates}, {beta} and {lr}"
        )
    prior = mdp.uniform() if reference is None else reference
    check_policy(mdp, prior)
    with np.errstate(divide="ignore"):
        start = np.log(np.broadcast_to(prior, (mdp.horizon, *mdp.legal.shape)))
    logits = start.copy()
    for _ in range(updates):
        logits += lr * policy_slope(mdp, _softmax(logits), beta, start)
    return _softmax(logits)


def policy_slope(mdp: FiniteMDP, policy: Floats, beta: float, log_prior: Floats) -> Floats:
    """(H, S, A) derivative of J in the logits of a policy.

    Args:
        mdp: the process.
        policy: (H, S, A).
        beta: as of `climbed`.
        log_prior: (H, S, A) nats, of the reference; -inf where it never plays.
    """
    played = policy > 0
    log_ratio = np.log(np.where(played, policy, 1.0)) - np.where(played, log_prior, 0.0)
    visits, slope = occupancy(mdp, policy), np.zeros(policy.shape)
    later = np.zeros(mdp.states)
    for t in reversed(range(mdp.horizon)):
        worth = mdp.expected + mdp.discount * mdp.ahead(later) - beta * log_ratio[t]
        mean = (policy[t] * worth).sum(1)
        slope[t] = mdp.discount**t * visits[t] * (worth - mean[:, None])
        later = np.where(mdp.terminal, 0.0, mean)
    return slope


def _softmax(logits: Floats) -> Floats:
    tilted = np.exp(logits - logits.max(2, keepdims=True))
    odds: Floats = tilted / tilted.sum(2, keepdims=True)
    return odds
