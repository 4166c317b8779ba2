"""Questions of every kind for the tests of people, with an answer to each as it is typed."""

from itertools import product

import numpy as np

from plaudit.feedback.asks import (
    Advise,
    Approve,
    Check,
    Choose,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Describe,
    Mark,
    Rank,
    Rate,
    React,
)
from plaudit.feedback.types import Query, Segment, SegmentRef

STEPS = 4

# (ask, what is typed, the answer about places, the same in stored order if shown in `turned`)
TYPED = [
    (Compare(), "2", 1, 0),
    (Compare(ties=True), "equally good", 2, 2),
    # Names: slightly first, slightly second, much first, much second, equally good.
    (Compare(ties=True, levels=2), "much f", 2, 3),
    (Choose(3), "3", 2, 1),
    (Rank(3), "3 1 2", (2, 0, 1), (1, 2, 0)),
    (Rate(4), "3", 3, 3),
    (Rate(None, -1.0, 1.0), "-0.25", -0.25, -0.25),
    (Approve(), "y", 1, 1),
    (React(("love", "boo"), (1, -1), (0.1, 0.1)), "none", 2, 2),
    (Correct(3, STEPS), "3 1", (3, 1), (3, 1)),
    (Demonstrate(3, 2), "2 0", (2, 0), (2, 0)),
    (Advise(3), "0", 0, 0),
    (Mark(STEPS), "0 poor, 2-3 good", (1, 0, 2, 2), (1, 0, 2, 2)),
    (Check(("polite", "short", "right")), "1, right", (1, 0, 1), (1, 0, 1)),
    (Describe(("speed", "height")), "height", (0, 1), (0, 1)),
    (Describe(("speed", "height"), compare=True), "1 second, height both", (1, 2), (0, 2)),
    (Critique(3), "do action 2, hindsight wrong", (0, 2, 3, 0), (0, 2, 3, 0)),
]
ASKS = [case[0] for case in TYPED]
KINDS = {ask.kind for ask in ASKS}


def name(ask):
    """A short name of a case, for pytest."""
    flags = [k for k in ("ties", "compare") if getattr(ask, k, False)]
    return "-".join([ask.kind, *flags])


def turned(ask):
    """The order with everything one place on: the last stored segment is shown first."""
    return tuple(np.roll(range(ask.segments), 1).tolist())


def segment(number=0, *, text="some words", frames=None, steps=STEPS):
    """A segment whose rewards are 777.0, a number that must never be shown."""
    obs = np.full((steps + 1, 2), float(number))
    ref = SegmentRef("test", number, 0, steps)
    rewards = np.full(steps, 777.0)
    states = ({"secret": 777.0},) * (steps + 1)
    words = None if text is None else f"{text} {number}"
    return Segment(obs, np.arange(steps), ref, words, rewards, states, frames)


def query(ask=None, query_id=0, **settings):
    """A question about as many segments as it needs."""
    ask = ask or Compare()
    segments = tuple(segment(number) for number in range(ask.segments))
    return Query(segments, ask, query_id=query_id, **settings)


def queries(count, ask=None):
    """Questions with query_ids from 0, every other one shown in reverse."""
    ask = ask or Compare()
    orders = [tuple(range(ask.segments)), tuple(reversed(range(ask.segments)))]
    return [query(ask, i, order=orders[i % 2]) for i in range(count)]


def some_answers(ask):
    """Answers of a question: all of them where they are few, else some."""
    if ask.continuous:
        return [ask.low, 0.1, ask.high]
    cells = product(*(range(size) for size in ask.sizes))
    return [ask.answer(chosen) for chosen, _ in zip(cells, range(200), strict=False)]
