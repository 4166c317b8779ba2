"""Cases of teachers who know what things are worth in a world."""

from functools import cache, partial

import numpy as np

from plaudit.feedback.asks import (
    Advise,
    Approve,
    Choose,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Mark,
    Rank,
    Rate,
    React,
)
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import Case
from tests.feedback.recorded import recorded

TABULAR, GRID, ASSIST = "plaudit/Tabular-v0", "plaudit/PartialView-v0", "plaudit/TokenAssist-v0"
CORRIDOR = {"world": TABULAR, "settings": {"instance": "regret_vs_partial_return"}}
MASKED = {"world": TABULAR, "settings": {"instance": "recoverable"}}
ALLEY = {
    "world": GRID,
    "settings": {"rows": 1, "columns": 4, "blind_columns": 1, "messes": 1, "horizon": 5},
}
ADVICE = {"world": ASSIST, "settings": {"evidence": 2, "max_new": 4}}
HERE = "tests.contracts.teacher_cases.values:"
LEFT, RIGHT = 0, 1
WALKS = ((LEFT, LEFT), (RIGHT, RIGHT), (RIGHT, LEFT))
CHORES = ((4, 3, 4), (4, 2, 2), (0, 0, 4))
TEXTS = ((0, 4, 8), (1, 6, 8), (2, 5, 8))


def even(obs):
    """A learner that has learned nothing."""
    return np.full((len(obs), 2), 0.5)


def to_the_right(obs):
    """Action values of somebody who likes to be, and go, on the right."""
    return obs[:, :1] / 4 + np.array([0.0, 0.5])


def of_places(obs):
    """State values of the same."""
    return obs[:, 0] / 4


@cache
def walk(*actions, begin=1):
    return recorded(**CORRIDOR, actions=actions, state=begin)


@cache
def chore(*actions):
    return recorded(**ALLEY, actions=actions, place=[14])  # agent and mess in cell 2


@cache
def run(*actions):
    """With clean code in the end, which may only be run."""
    return recorded(**MASKED, actions=actions, chance=[0.0, 0.0])


@cache
def text(*actions):
    return recorded(**ADVICE, actions=actions, seed=3)


def about(make, stretches, ask):
    return Query(tuple(make(*actions) for actions in stretches[: ask.segments]), ask)


walks = partial(partial, about, walk, WALKS)
chores = partial(partial, about, chore, CHORES)
texts = partial(partial, about, text, TEXTS)
step = partial(partial, about, walk, [(LEFT,)])
cut = partial(partial, about, run, [(0,)])


def batch(make, stretches, ask):
    """Enough to be calibrated on."""
    return [
        Query((make(*actions),) * ask.segments, ask) for actions in stretches for _ in range(25)
    ]


SOFT = {"beta": 0.5, "tie": 0.4, "center": -1.0}
SEGMENTS = [Compare(ties=True), Choose(3), Rank(3), Rate(5), Approve()]
CASES = [
    *[Case("regret", {**CORRIDOR, **SOFT}, walks(ask)) for ask in [*SEGMENTS, Mark(3)]],
    Case("regret", {**CORRIDOR, "realised": True}, walks(Compare(levels=2))),
    Case("regret", {**ALLEY, "beta": 0.7}, chores(Compare())),
    *[
        Case("learned_regret", {"values": f"{HERE}to_the_right", **SOFT}, walks(ask))
        for ask in [*SEGMENTS, Mark(2), Advise(2), Correct(2, 2), Critique(2)]
    ],
    Case("learned_regret", {"values": f"{HERE}of_places", "gamma": 0.9}, walks(Compare())),
    *[
        Case("coach", {**CORRIDOR, "policy": f"{HERE}even", "mistake": 0.1}, step(ask))
        for ask in (
            Approve(),
            Rate(5),
            Rate(None, low=-1.0, high=1.0),
            React(("praise", "blame"), (1, -1), (0.6, 0.4)),
        )
    ],
    Case("coach", {**CORRIDOR, "policy": f"{HERE}even"}, walks(Mark(2))),
    Case("advisor", {**CORRIDOR, "mistake": 0.1, "skip": 0.1}, walks(Advise(2))),
    Case("advisor", {**MASKED, "mistake": 0.1}, cut(Advise(3))),
    Case(
        "advisor",
        {**CORRIDOR, "agreement": 0.8},
        walks(Advise(2)),
        warm=partial(batch, walk, WALKS, Advise(2)),
    ),
    Case("corrector", {**CORRIDOR, "mistake": 0.1, "skip": 0.1}, walks(Correct(2, 3))),
    Case("corrector", {**MASKED}, partial(about, run, [(0, 0)], Correct(3, 2))),
    Case("demonstrator", {**CORRIDOR, "skip": 0.1}, walks(Demonstrate(2, 3))),
    Case("demonstrator", {**MASKED}, cut(Demonstrate(3, 2))),
    Case("critic", {**CORRIDOR, "mistake": 0.1, "center": 5.0}, walks(Critique(2))),
    Case("critic", {**MASKED}, cut(Critique(3))),
    Case("critic", {**CORRIDOR, "unsaid": 0.0}, walks(Critique(2, slots=("hp", "fn")))),
    *[Case("believer", {**ALLEY, **SOFT}, chores(ask)) for ask in [*SEGMENTS, Mark(3)]],
    Case("believer", {**ADVICE}, texts(Compare())),
    Case("believer", {**MASKED}, partial(about, run, [(0, 0), (2,)], Compare())),
    *[Case("hindsight", {**CORRIDOR, "steps": 2, **SOFT}, walks(ask)) for ask in SEGMENTS],
    Case("hindsight", {**CORRIDOR, "policy": "random"}, walks(Compare())),
    Case("hindsight", {**CORRIDOR, "steps": 3, "policy": f"{HERE}even"}, walks(Compare())),
    Case("hindsight", {**ADVICE}, texts(Compare())),
]
