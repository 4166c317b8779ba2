"""What a rollout offers to advantages and losses, under the names of their arguments.

Everything that is cheap is always there; what is not is made when the algorithm asks for it.
"""

from collections.abc import Callable
from dataclasses import replace

import torch

from plaudit import agents
from plaudit.agents import distributed
from plaudit.agents.advantages import base, filters
from plaudit.agents.advantages.lagrangian import Multiplier, mix
from plaudit.agents.advantages.macro_actions import n_gram, perplexity
from plaudit.agents.trainers.algorithms import Tensors
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.types import Rollout
from plaudit.feedback.programs import program


def signals(
    rollout: Rollout, log_ratio: torch.Tensor, settings: Settings, wants: Callable[[str], bool]
) -> Tensors:
    """Tensors of a rollout by name.

    Args:
        rollout: B answers.
        log_ratio: (B, T) log pi(token) - log reference(token), nats, 0 where masked.
        settings: of the trainer; `beta` is the KL's price, `macro_length` and `success` say what
            macro actions and right answers are.
        wants: whether the algorithm takes a tensor of this name.

    Returns:
        rewards (B, T) and scores (B,), the KL taken off; mask, groups, turns, tokens, old_logp,
        ref_logp, and where they exist or are wanted states, greedy_scores, macros, correct and
        pass_rate. Values are the trainer's to add.
    """
    batch, mask = rollout.batch, rollout.batch.action_mask
    rewards = _shaped(rollout, settings) - settings.beta * log_ratio
    found = {
        "rewards": rewards,
        "scores": torch.where(mask, rewards, 0.0).sum(1),
        "mask": mask,
        "groups": rollout.groups,
        "turns": rollout.turns,
        "tokens": batch.tokens,
        "old_logp": batch.logp,
        "ref_logp": batch.logp - log_ratio,
    }
    if rollout.states is not None:
        found["states"] = rollout.states
    if rollout.greedy_scores is not None:
        found["greedy_scores"] = rollout.greedy_scores
    if wants("macros"):
        by_length = settings.macro_rule == "n_gram"
        found["macros"] = (
            n_gram(mask, settings.macro_length) if by_length else perplexity(batch.logp, mask)
        )
    if wants("correct"):
        found |= _passed(rollout, settings.success)
    return found


def kept(
    signals: Tensors, settings: Settings, least_group: int, rng: torch.Generator
) -> torch.Tensor:
    """The rows to learn from, (B,) bool: those that did not fail, less what the filter drops.

    Args:
        signals: mask, groups and scores of all ranks.
        settings: `filter` and `filter_keep`.
        least_group: survivors that a group needs.
        rng: of the filter that draws; equal on all ranks.
    """
    alive, groups = signals["mask"].any(1), signals["groups"]
    alive = alive & (_counts(groups, alive) >= least_group)
    if settings.filter == "none" or not alive.any():
        return alive
    scores, among = signals["scores"][alive], groups[alive]
    if settings.filter == "variance":
        chosen = filters.by_variance(scores, among, keep=settings.filter_keep)
    else:
        size = int(torch.bincount(torch.unique(among, return_inverse=True)[1]).max())
        keep = max(least_group, round(settings.filter_keep * size))
        chosen = filters.by_reliability(scores, among, strategy=settings.filter, keep=keep, rng=rng)
    alive[alive.clone()] = chosen
    return alive


def with_baseline(rollout: Rollout, greedy: Rollout) -> Rollout:
    """The rollout with what the likeliest answer to each row's prompt earned.

    Args:
        rollout: sampled answers.
        greedy: the likeliest ones to the same prompts, row by row. Where a row of it failed another
            one of its group speaks for it; where all did, the sampled row fails, too, because a
            missing baseline is not a baseline of 0.
    """
    earned, alive = greedy.rewards.sum(1), greedy.batch.action_mask.any(1)
    twins = (rollout.groups.unsqueeze(1) == rollout.groups) & alive
    known = twins.any(1)
    batch = rollout.batch
    masked = replace(batch, action_mask=batch.action_mask & known.unsqueeze(1))
    return replace(rollout, batch=masked, greedy_scores=earned[twins.int().argmax(1)])


def priced(rollout: Rollout, price: Multiplier) -> Rollout:
    """The rollout with rewards less their costs, (r - lambda c) / (1 + lambda).

    Mixing what is paid is mixing advantages, because they are linear in it; and it needs no second
    critic.

    Args:
        rollout: with costs.
        price: lambda.

    Raises:
        ValueError: the world tells no costs.
    """
    return replace(rollout, rewards=mix(rollout.rewards, _costs(rollout), price.value))


def mean_cost(rollout: Rollout) -> float:
    """Mean cost of an answer, over all ranks and the rows that did not fail.

    Args:
        rollout: with costs.
    """
    alive = rollout.batch.action_mask.any(1)
    paid = torch.stack([_costs(rollout)[alive].sum(), alive.sum().float()])
    cost, count = distributed.total(paid).tolist()
    return float(cost / max(count, 1.0))


def _costs(rollout: Rollout) -> torch.Tensor:
    if rollout.costs is None:
        raise ValueError(
            "cost_limit needs a world that tells costs: put Constraint (VectorConstraint) around it"
        )
    return rollout.costs


def _shaped(rollout: Rollout, settings: Settings) -> torch.Tensor:
    """Rewards (B, T), moved along the answers as the settings say."""
    rewards, mask = rollout.rewards, rollout.batch.action_mask
    if settings.shares is not None:
        shares = program("shares", settings.shares)(rollout)
        scores = torch.where(mask, rewards, 0.0).sum(1)
        rewards = agents.shaping("redistribute")(scores, shares, mask)
    if settings.potentials is not None:
        potentials = program("potentials", settings.potentials)(rollout)
        rewards = agents.shaping("potential_based")(rewards, potentials, mask)
    return rewards


def _counts(groups: torch.Tensor, alive: torch.Tensor) -> torch.Tensor:
    """How many rows of each row's group are alive, (B,)."""
    _, index = torch.unique(groups, return_inverse=True)
    counts: torch.Tensor = torch.zeros_like(index).index_add(0, index, alive.long())[index]
    return counts


def _passed(rollout: Rollout, success: float) -> Tensors:
    """Which answers are right, and what share of their group is; failed rows count as neither."""
    alive = rollout.batch.action_mask.any(1)
    correct = (rollout.rewards.sum(1) >= success) & alive
    _, index = torch.unique(rollout.groups, return_inverse=True)
    right = base.total(correct.float(), index)[index]
    return {
        "correct": correct,
        "pass_rate": right / _counts(rollout.groups, alive).clamp(min=1),
    }
