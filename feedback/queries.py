"""Which pairs to ask about: functions `(candidates, model, rng) -> (count, 2)` indices."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.types import Segment, pad

Pairs = npt.NDArray[np.int64]

Sampler = Callable[[Sequence[Segment], RewardModel | None, np.random.Generator], Pairs]


def uniform_pairs(count: int) -> Sampler:
    """Pairs drawn uniformly, none twice, no segment against itself.

    Source: own design.

    Args:
        count: pairs per call; more than n (n - 1) / 2 for n candidates is a ValueError.
    """

    def sample(
        candidates: Sequence[Segment], model: RewardModel | None, rng: np.random.Generator
    ) -> Pairs:
        return _draw_pairs(len(candidates), count, rng)

    return sample


def disagreement(count: int, pool: int = 10) -> Sampler:
    """Of `pool * count` uniform pairs, those on which the model's members disagree most.

    Disagreement is the standard deviation over members of P(first is better).

    Source: arXiv:1706.03741, section 2.2.4.

    Args:
        count: pairs per call.
        pool: pairs looked at per pair taken, >= 1.
    """

    def sample(
        candidates: Sequence[Segment], model: RewardModel | None, rng: np.random.Generator
    ) -> Pairs:
        if model is None:
            raise ValueError("disagreement needs a reward model, got None; use uniform_pairs")
        size = len(candidates)
        pairs = _draw_pairs(size, max(count, min(pool * count, size * (size - 1) // 2)), rng)
        batch = pad(candidates)
        rewards = model.members(batch.obs[:, :-1], batch.actions)
        returns = (rewards * batch.mask).sum(-1, dtype=np.float64)
        first = expit(model.scale * (returns[:, pairs[:, 0]] - returns[:, pairs[:, 1]]))
        return pairs[np.argsort(-first.std(0), kind="stable")[:count]]

    return sample


def _draw_pairs(size: int, count: int, rng: np.random.Generator) -> Pairs:
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
