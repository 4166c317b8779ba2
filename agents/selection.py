r"""Which of its own answers a policy learns from: rules that keep some rows of a batch.

| rule | keeps | level | as in |
|---|---|---|---|
| best_of | the best of each group | how many | RAFT, best-of-N fine-tuning |
| above | scores >= level | score | ReST; expert iteration: the successes |
| quantile | scores >= the level-quantile of all | 0..1 | ReST, where no unit of score is known |
| everything | all | none | return-conditioned learning |

Several levels, each higher than the one before, are the rounds of ReST's improve step.

Source: arXiv:2304.06767 (RAFT); arXiv:2308.08998 (ReST); arXiv:2403.04642 (expert iteration,
    return-conditioned learning).
Differs: ReST keeps scores above a threshold, here those on it, too: successes are often scored by 1
    and nothing else.
"""

from collections.abc import Callable

import torch

from plaudit.agents import shapes
from plaudit.agents.advantages import base
from plaudit.agents.advantages.filters import by_reliability
from plaudit.agents.types import TokenBatch
from plaudit.envs.names import nearest

Rule = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]
"""(scores (B,), groups (B,), level) -> (B,) bool, the rows to keep."""


def best_of(scores: torch.Tensor, groups: torch.Tensor, level: float) -> torch.Tensor:
    """The `level` best rows of each group, (B,) bool; of equal ones the first.

    Args:
        scores: (B,) reward units.
        groups: (B,) int64, equal where rows answer the same prompt.
        level: how many of a group, an integer of at least 1; of a smaller group all.

    Raises:
        ValueError: shapes differ, a score is not finite, or the level is out of its range.
        TypeError: groups are not int64.
    """
    _check(scores, groups)
    if level < 1 or level != int(level):
        raise ValueError(f"level of best_of must be an integer of at least 1 answer, got {level}")
    if not len(scores):
        return torch.zeros_like(scores, dtype=torch.bool)
    return by_reliability(scores, groups, strategy="best", keep=int(level))


def above(scores: torch.Tensor, groups: torch.Tensor, level: float) -> torch.Tensor:
    """The rows that score at least `level`, (B,) bool.

    Args:
        scores: (B,) reward units.
        groups: (B,) int64, not read.
        level: reward units.

    Raises:
        ValueError: shapes differ, or a score is not finite.
    """
    _check(scores, groups)
    return scores >= level


def quantile(scores: torch.Tensor, groups: torch.Tensor, level: float) -> torch.Tensor:
    """The rows that score at least the `level`-quantile of all, (B,) bool.

    Args:
        scores: (B,) reward units.
        groups: (B,) int64, not read.
        level: in 0..1; 0.9 keeps the best tenth, and whatever scores as its last one.

    Raises:
        ValueError: shapes differ, a score is not finite, or the level is out of its range.
    """
    _check(scores, groups)
    if not 0 <= level <= 1:
        raise ValueError(f"level of quantile must be in 0..1, got {level}")
    if not len(scores):
        return torch.zeros_like(scores, dtype=torch.bool)
    ordered = scores.sort().values
    # A score that occurs, and not between two: torch.quantile refuses more than 2**24 of them.
    return scores >= ordered[min(int(level * len(scores)), len(scores) - 1)]


def everything(scores: torch.Tensor, groups: torch.Tensor, level: float) -> torch.Tensor:
    """All rows, (B,) bool.

    Args:
        scores: (B,) reward units.
        groups: (B,) int64, not read.
        level: not read.

    Raises:
        ValueError: shapes differ, or a score is not finite.
    """
    _check(scores, groups)
    return torch.ones_like(scores, dtype=torch.bool)


RULES: dict[str, Rule] = {
    "above": above,
    "best_of": best_of,
    "everything": everything,
    "quantile": quantile,
}


def rule(name: str) -> Rule:
    """The named rule; KeyError with the nearest name if there is none."""
    if name not in RULES:
        raise KeyError(f"unknown rule {name!r}{nearest(name, RULES)}")
    return RULES[name]


def buckets(scores: torch.Tensor, count: int) -> torch.Tensor:
    """The bucket 0 .. count - 1 that each score falls into, (B,) int64; higher is better.

    By its rank among the distinct scores, so that the best one is always in the highest bucket and,
    if there are several, the worst one in the lowest, however often each occurs.

    Args:
        scores: (B,) reward units.
        count: buckets, at least 2.

    Raises:
        ValueError: a score is not finite, or there are too few buckets.
    """
    _check(scores, scores)
    if count < 2:
        raise ValueError(f"count must be at least 2 buckets, got {count}")
    distinct, rank = torch.unique(scores, return_inverse=True)
    if len(distinct) < 2:
        return torch.full_like(rank, count - 1)
    return torch.round(rank.double() * (count - 1) / (len(distinct) - 1)).long()


def first_of_each(batch: TokenBatch) -> torch.Tensor:
    """(B,) bool, False where an earlier row has the same prompt and the same answer.

    In a conversation what was heard between written tokens counts, too.
    """
    later = batch.action_mask.flip(1).cumsum(1).flip(1)  # chosen tokens from each place on
    shown = [
        batch.prompt_ids.masked_fill(~batch.prompt_mask, -1),
        batch.tokens.masked_fill(later == 0, -1),
        batch.action_mask,
    ]
    _, number = torch.unique(torch.cat(shown, 1), dim=0, return_inverse=True)
    first = torch.full_like(number, len(number))
    place = torch.arange(len(number), device=number.device)
    first.scatter_reduce_(0, number, place, "amin")
    return first[number] == place


def _check(scores: torch.Tensor, groups: torch.Tensor) -> None:
    shapes.check(scores=(scores, "B"), groups=(groups, "B"))
    if len(scores):
        base.require_finite("scores", scores)
