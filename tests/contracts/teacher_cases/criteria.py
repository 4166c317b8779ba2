"""Cases of teachers who judge by criteria, or see a part of what happened."""

from dataclasses import replace
from functools import cache, partial

import gymnasium as gym
import numpy as np

import plaudit  # noqa: F401  registers the worlds
from plaudit.feedback.asks import (
    Approve,
    Check,
    Choose,
    Compare,
    Describe,
    Mark,
    Rank,
    Rate,
)
from plaudit.feedback.criteria import PLAIN_TEXT
from plaudit.feedback.types import Query, Segment, SegmentRef
from tests.contracts.teacher_cases.case import Case, segment

TEXTS = (
    "The lock was stuck. I oiled it, and now it opens.",
    "open open open open open open",
    "Is it the lock? Then oil it! It opens at once!",
)
MATRIX = [[0.5, 0.8, 0.3], [0.2, 0.5, 0.9], [0.7, 0.1, 0.5]]
CERTAIN = [[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]
PREFERS_LETTERS = "tests.contracts.teacher_cases.criteria:letters_in_common"
CHECKLIST_WORLD = "plaudit/TokenChecklist-v0"
MATH_WORLD = "plaudit/TokenMath-v0"


def letters_in_common(contexts, continuations):
    """A toy language model: minus the letters of a follow-up that a text lacks, in tenths."""
    pairs = zip(contexts, continuations, strict=True)
    return np.array([-len(set(said) - set(text)) / 10 for text, said in pairs])


def about(ask, segments):
    """A question about the first segments of some."""
    return Query(tuple(segments[: ask.segments]), ask)


def told(ask):
    """About texts."""
    return about(ask, [segment(0.0, 0.0, text=text) for text in TEXTS])


def moved(ask):
    """About segments of three steps with observations of two numbers and two kinds of actions."""
    paths = ([[0.0, 0.1], [0.4, 0.1], [0.9, 0.2], [1.0, 0.0]], [[0.2, 0.5], [0.1, 0.9]] * 2)
    paths = [*paths, [[0.0, 0.0], [0.3, 0.3], [0.1, 0.7], [0.2, 0.2]]]
    actions = ([1, 1, 0], [0, 1, 0], [0, 0, 0])
    rewards = ([0.5, -0.75, 0.0], [0.25, 0.0, 1.0], [0.0, 0.25, 0.25])
    other = segment(1.0, 0.0, -0.5), segment(0.25, 0.0, 0.5), segment(0.0, 0.0, 0.0)
    parts = zip(paths, actions, rewards, other, strict=True)
    return about(
        ask,
        [
            Segment(
                np.array(path),
                np.array(taken),
                SegmentRef("test", episode, 0, 3),
                rewards=np.array(paid),
                others={"player_1": seen},
            )
            for episode, (path, taken, paid, seen) in enumerate(parts)
        ],
    )


def items(ask):
    """About one-step segments whose actions are the items 0, 1, 2."""
    return about(ask, [replace(segment(0.0), actions=np.array([i])) for i in range(3)])


@cache
def played(world, *actions, **settings):
    """A segment of a world's first episode under seed 1, with the world's states."""
    env = gym.make(world, **settings).unwrapped
    obs, states, rewards = [env.reset(seed=1)[0]], [env.get_state()], []
    for action in actions:
        seen, reward, *_ = env.step(action)
        obs.append(seen)
        rewards.append(reward)
        states.append(env.get_state())
    ref = SegmentRef(world, 0, 0, len(actions))
    taken, paid = np.array(actions), np.array(rewards)
    return Segment(np.stack(obs), taken, ref, rewards=paid, states=tuple(states))


def letters(ask):
    """Of TokenChecklist: "no letter twice, l once, 8 letters, sum leaves 1" of "l", "ab", "la"."""
    return about(ask, [played(CHECKLIST_WORLD, *word, 12) for word in ((11,), (0, 1), (11, 0))])


def chains(ask):
    """Of TokenMath: "7 * 5 * 2 + 8"; "35 ; 70 ; = 78", "35 ; 1 ; = 78" and "= 1"."""
    step, equals, end = 104, 105, 109
    right, wrong = (35, step, 70, step, equals, 78, end), (35, step, 1, step, equals, 78, end)
    return about(ask, [played(MATH_WORLD, *text) for text in (right, wrong, (equals, 1, end))])


SIDE_BY_SIDE = (Compare(), Compare(ties=True, levels=2), Choose(3), Rank(3))
BY_SEGMENT = (*SIDE_BY_SIDE, Rate(5), Approve())
CERTAIN_ONES = (Compare(), Compare(ties=True), Rate(5), Approve())
MOVE = {"name": "chose", "action": 1}
POINTS = {"weights": [1.0, -2.0], "tie": 0.5}


def cases(name, settings, query, asks):
    return [Case(name, settings, partial(query, ask)) for ask in asks]


CASES = [
    *cases("rubric", {"weights": [1.0, 1.0, 2.0, 4.0], "tie": 0.3}, told, BY_SEGMENT),
    *cases("rubric", {"aggregate": "product", "tie": 2.0}, told, (Compare(ties=True), Rate(None))),
    *cases("checklist", {}, told, (Check(tuple(PLAIN_TEXT)),)),
    *cases("constitution", {"count": 3, "draw": 1, "tie": 0.3}, told, SIDE_BY_SIDE),
    *cases("verifier", {"program": PLAIN_TEXT["ends as a sentence does"]}, told, CERTAIN_ONES),
    *cases(
        "verifier",
        {"world": CHECKLIST_WORLD, "by": "process", "mistake": 0.2},
        letters,
        (*CERTAIN_ONES, Check(("no letter twice", "l once", "8 letters", "sum leaves 1"))),
    ),
    *cases("verifier", {"world": MATH_WORLD, "mistake": 0.1}, chains, CERTAIN_ONES),
    *cases(
        "verifier",
        {"world": MATH_WORLD, "by": "process", "mistake": 0.1, "center": 0.0},
        chains,
        (Mark(7),),
    ),
    *cases("intransitive", {"matrix": MATRIX, "tie": 0.3}, items, SIDE_BY_SIDE),
    *cases("intransitive", {"matrix": CERTAIN}, items, (Compare(), Choose(3), Rank(3))),
    *cases("follow_up", {"scorer": PREFERS_LETTERS, "tie": 0.3}, told, BY_SEGMENT),
    *cases("linear", POINTS, moved, (*BY_SEGMENT, Rate(None), Mark(3))),
    *cases("linear", {"weights": [1.0], "features": [MOVE]}, moved, (Compare(), Mark(4))),
    *cases("describer", {}, told, (Describe(("length", "sentences", "variety")),)),
    *cases("describer", {}, told, (Describe(("length", "sentences", "variety"), compare=True),)),
    *cases("describer", {"weights": [1.0, -2.0]}, moved, (Describe(("x", "y")),)),
    *cases("span_marker", {"standing_out": 0.3, "spread": 0.6}, moved, (Mark(3), Mark(5))),
    Case(
        "span_marker",
        {"spread": 0.6},
        partial(moved, Mark(4)),
        warm=lambda: [moved(Mark(4)) for _ in range(40)],
    ),
    *cases("summary_reader", {"tie": 0.3}, moved, BY_SEGMENT),
    *cases(
        "summary_reader",
        {"features": [{"name": "entry", "index": 0, "at": "change"}], "actions": 2},
        moved,
        (Compare(), Rate(5)),
    ),
    *cases("masked_viewer", {**POINTS, "hide": [1]}, moved, (*BY_SEGMENT, Mark(3))),
    *cases("other_agent", {"agent": "player_1", "tie": 0.3}, moved, (*BY_SEGMENT, Mark(3))),
]
