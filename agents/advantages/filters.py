"""Filters: which rows of a batch are worth learning from.

Each returns `kept` (B,) bool, for `rows[kept]`. Failed rollouts have no score: leave them out.

Source: arXiv:2504.20073 (StarPO-S); arXiv:2409.06957 (PF-PPO).
"""

import math
from typing import Literal, get_args

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base

Strategy = Literal["best", "best_worst", "best_random"]


def by_variance(
    scores: torch.Tensor, groups: torch.Tensor, *, keep: float = 0.25, drop_zero: bool = True
) -> torch.Tensor:
    """The groups whose scores spread most, all their rows, (B,) bool.

    Prompts that the policy always or never masters teach a group-relative learner nothing.

    Args:
        scores: (B,) reward units, one per answer.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.
        keep: share of the groups that is kept, in (0, 1], rounded up; of equally spread groups
            those with the lower number.
        drop_zero: leave out groups whose scores are all equal (a lone row is one) even where the
            share has room for them. Then it may be that nothing is kept.

    Raises:
        ValueError: shapes differ, no rows, a score is not finite, keep out of range.
        TypeError: groups are not int64.

    Source: arXiv:2504.20073 (StarPO-S), whose code keeps a quarter by default.
    """
    shapes.check(scores=(scores, "B"), groups=(groups, "B"))
    if not 0 < keep <= 1:
        raise ValueError(f"keep must lie in (0, 1], got {keep}")
    within = base.grouped(masking.widen(scores.detach()), groups)
    size = base.total(torch.ones_like(within.deviation), within.index)
    spread = (base.total(within.deviation.square(), within.index) / (size - 1).clamp(min=1)).sqrt()
    order = spread.argsort(descending=True, stable=True)
    kept = torch.zeros_like(spread, dtype=torch.bool)
    kept[order[: math.ceil(keep * len(spread))]] = True
    if drop_zero:
        kept &= spread > 0
    return kept[within.index]


def by_reliability(
    scores: torch.Tensor,
    groups: torch.Tensor,
    *,
    strategy: Strategy = "best_random",
    keep: int = 2,
    rng: torch.Generator | None = None,
) -> torch.Tensor:
    """The rows of each group on whose scores a reward model can be relied, (B,) bool.

    A reward model tells good answers from bad ones better than middling ones from one another.

    Args:
        scores: (B,) reward units, one per answer.
        groups: (B,) int64, rows with equal numbers answer the same prompt; any order.
        strategy: "best" keeps the highest scores; the others keep the highest in half of the
            places (rounded up), and in the rest the lowest ("best_worst") or a draw from all the
            others ("best_random").
        keep: rows per group, at least 1; smaller groups are kept whole. Of equal scores the
            earlier row counts as the higher.
        rng: draws for "best_random", which needs it.

    Raises:
        ValueError: shapes differ, no rows, a score is not finite, unknown strategy, keep below 1,
            no rng where one is needed.
        TypeError: groups are not int64.

    Source: arXiv:2409.06957 (PF-PPO): BoN is ("best", 1), BW ("best_worst", 2), BR
        ("best_random", 2).
    """
    shapes.check(scores=(scores, "B"), groups=(groups, "B"))
    if strategy not in get_args(Strategy):
        raise ValueError(f"strategy must be one of {', '.join(get_args(Strategy))}: {strategy!r}")
    if keep < 1:
        raise ValueError(f"keep must be at least 1 row per group, got {keep}")
    within = base.grouped(masking.widen(scores.detach()), groups)
    rank = _rank(within.deviation, within.index)
    if strategy == "best":
        return rank < keep
    best = rank < keep - keep // 2
    if strategy == "best_worst":
        return best | (rank >= within.size - keep // 2)
    if rng is None:
        raise ValueError("strategy 'best_random' draws: give it rng, a torch.Generator")
    lots = torch.rand(len(scores), generator=rng, device=rng.device).to(scores.device)
    return best | (_rank(lots.masked_fill(best, -1.0), within.index) < keep // 2)


def _rank(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Place of each row in its group, (B,) int64, 0 for the highest value."""
    order = values.argsort(descending=True, stable=True)
    order = order[index[order].argsort(stable=True)]  # group by group, the highest first
    sizes = torch.bincount(index)
    starts = sizes.cumsum(0) - sizes
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device) - starts[index[order]]
    return rank
