"""Which segments to ask about: functions `(candidates, model, rng) -> (count, size)` indices."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.types import Segment, pad

Groups = npt.NDArray[np.int64]

Sampler = Callable[[Sequence[Segment], RewardModel | None, np.random.Generator], Groups]

POOL = 10
"""Pairs looked at per pair taken by disagreement."""


def uniform(count: int, size: int = 2) -> Sampler:
    """Groups drawn uniformly, no segment twice in one; no pair and no single one twice.

    Source: own design.

    Args:
        count: groups per call; more pairs, or single ones, than n candidates make is a ValueError.
        size: segments per group.
    """

    def sample(
        candidates: Sequence[Segment], model: RewardModel | None, rng: np.random.Generator
    ) -> Groups:
        if size == 2:
            return _draw_pairs(len(candidates), count, rng)
        return _draw_groups(len(candidates), count, size, rng)

    return sample


def disagreement(count: int, size: int = 2) -> Sampler:
    """Of `POOL * count` uniform pairs, those on which the model's members disagree most.

    Disagreement is the standard deviation over members of P(first is better).

    Source: arXiv:1706.03741, section 2.2.4.

    Args:
        count: pairs per call.
        size: 2; other groups are refused.
    """
    if size != 2:
        raise ValueError(f"disagreement picks pairs, not groups of {size}; use uniform")

    def sample(
        candidates: Sequence[Segment], model: RewardModel | None, rng: np.random.Generator
    ) -> Groups:
        if model is None:
            raise ValueError("disagreement needs a reward model, got None; use uniform")
        total = len(candidates) * (len(candidates) - 1) // 2
        pairs = _draw_pairs(len(candidates), max(count, min(POOL * count, total)), rng)
        batch = pad(candidates)
        rewards = model.members(batch.obs[:, :-1], batch.actions)
        returns = (rewards * batch.mask).sum(-1, dtype=np.float64)
        first = expit(model.scale * (returns[:, pairs[:, 0]] - returns[:, pairs[:, 1]]))
        return pairs[np.argsort(-first.std(0), kind="stable")[:count]]

    return sample


def _draw_pairs(size: int, count: int, rng: np.random.Generator) -> Groups:
    """Distinct pairs of 0 .. size - 1 in random order, which of the two is first random too."""
    total = size * (size - 1) // 2
    if not 1 <= count <= total:
        raise ValueError(
            f"{size} candidates make {total} pairs; count must be in 1..{total}, got {count}"
        )
    code = rng.choice(total, size=count, replace=False)
    # Pair (i, j), i < j, has code j (j - 1) / 2 + i.
    j = ((1.0 + np.sqrt(1.0 + 8.0 * code)) / 2.0).astype(np.int64)
    pairs = np.stack([code - j * (j - 1) // 2, j], axis=1)
    return rng.permuted(pairs, axis=1)


def _draw_groups(total: int, count: int, size: int, rng: np.random.Generator) -> Groups:
    """Groups of `size` of 0 .. total - 1; single ones are all different."""
    if size > total or (size == 1 and count > total):
        raise ValueError(f"{total} candidates don't make {count} groups of {size}")
    if size == 1:
        return rng.permutation(total)[:count, None]
    return np.stack([rng.permutation(total)[:size] for _ in range(count)])
