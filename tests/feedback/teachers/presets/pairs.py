"""Comparisons of one-step segments by their returns, for tests of presets."""

import numpy as np

from plaudit.feedback.asks import Compare
from plaudit.feedback.types import Query, Segment, SegmentRef


def segment(value, text=None):
    """One step that earns `value`, or hides what it earns where that is None."""
    rewards = None if value is None else np.array([value])
    return Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1), text, rewards)


def compare(first, second, query_id=0, ties=False, order=()):
    """Which of two returns is better?"""
    return Query((segment(first), segment(second)), Compare(ties), order, query_id=query_id)


def about(ask, value):
    """A question about one segment."""
    return Query((segment(value),), ask)


def skewed(rng, shape):
    """Returns most of which are close to 0, and a few far below it."""
    return -(rng.exponential(10.0, shape) ** 2)


def longtailed(rng, shape):
    """Returns a few of which are far above the others."""
    return rng.lognormal(0.0, 1.0, shape)


def warmed(teacher, returns, ties=False, count=500):
    """A teacher calibrated on comparisons of returns that a function draws."""
    pairs = returns(np.random.default_rng(0), (count, 2))
    teacher.answer([compare(*pair, i, ties) for i, pair in enumerate(pairs)])
    return teacher


def shares(teacher, returns, ties=False, count=1500):
    """Expected shares over fresh pairs: right of the decided, ties, shown first of the decided."""
    pairs = returns(np.random.default_rng(1), (count, 2))
    right = ties_said = first = decided = 0.0
    for one, two in pairs:
        for order in ((0, 1), (1, 0)):
            odds = teacher.probs(compare(one, two, -1, ties, order))
            decided += odds[:2].sum()
            right += odds[int(two > one)]
            first += odds[order[0]]
            ties_said += odds[2] if ties else 0.0
    return right / decided, ties_said / (2 * count), first / decided
