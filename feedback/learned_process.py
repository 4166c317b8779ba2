"""A world as a reward model sees it: the same process, paid by the model.

Whoever plans in it gets exactly what the learned reward asks for, so that a loss is the reward's
and no optimiser's.

Source: own design.
"""

import numpy as np

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite.mdp import Floats
from plaudit.envs.finite.policy_gradient import climbed
from plaudit.envs.finite_models import FiniteModel
from plaudit.feedback.models.base import RewardModel


def learned_process(model: RewardModel, world: FiniteModel) -> FiniteMDP:
    """The process of a world with the mean learned reward of every branch.

    Args:
        model: of which the reward does not change with the steps left, which it is shown as at the
            beginning of an episode.
        world: as `finite_model` gives it.
    """
    mdp, seen = world.mdp, world.observations[0]
    here, actions, branch = np.indices(mdp.chances.shape).reshape(3, -1)
    obs = seen[here][:, None]
    if getattr(model, "looks_ahead", False):
        after = seen[mdp.successor[here, actions, branch]][:, None]
        obs = np.concatenate([obs, after], 1)
    mean, _ = model.predict(obs, actions[:, None])
    return paid(mdp, mean.reshape(mdp.chances.shape).astype(np.float64))


def planned(model: RewardModel, world: FiniteModel, beta: float = 0.0, updates: int = 0) -> Floats:
    """(H, S, A) the policy that the learned reward asks for, with a KL to random legal play.

    Args:
        model: as of `learned_process`.
        world: as of `learned_process`.
        beta: of the KL, unit of reward per nat, >= 0.
        updates: steps of the exact policy gradient from random play on; 0: the exact optimum.
    """
    process = learned_process(model, world)
    if updates:
        return climbed(process, updates, beta=beta)
    return solve(process, beta).policy


def paid(mdp: FiniteMDP, rewards: Floats) -> FiniteMDP:
    """The same process with other rewards.

    Args:
        mdp: the process.
        rewards: (S, A, K) of its branches, or (S, A).
    """
    return FiniteMDP(
        rewards,
        mdp.start,
        mdp.horizon,
        successor=mdp.successor,
        chances=mdp.chances,
        legal=mdp.legal,
        terminal=mdp.terminal,
        discount=mdp.discount,
    )
