"""Segments of random play, and one round of questions about them.

The simplest way to opinions, without a learner: play, cut, ask. With exact odds kept, see
`FeedbackBuffer(privileged=True)`, it also gives what infinitely many answers would say.

Source: own design.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.feedback.asks import Ask
from plaudit.feedback.queries import uniform
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Query, Segment
from plaudit.feedback.wrappers.record_segments import RecordSegments


def random_segments(
    world: str,
    count: int,
    seed: int,
    *,
    settings: Mapping[str, Any] | None = None,
    length: int | None = None,
) -> list[Segment]:
    """Segments, with states and true rewards, of somebody who draws legal actions evenly.

    Args:
        world: its id, with Discrete actions.
        count: segments; an episode's last, shorter one is kept, too.
        seed: of the world and of the play.
        settings: of the world, JSON values.
        length: steps of a segment; None for whole episodes.
    """
    env = RecordSegments(
        gym.make(world, **(settings or {})), length, keep=max(count, 2), states=True
    )
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    while env.segments.total < count:
        legal = np.flatnonzero(env.unwrapped.action_masks())  # type: ignore[attr-defined]
        _, _, terminated, truncated, _ = env.step(rng.choice(legal))
        if terminated or truncated:
            env.reset()
    return [env.segments.segment(int(slot)) for slot in env.segments.newest(count)]


def survey(
    teacher: Teacher,
    segments: Sequence[Segment],
    ask: Ask,
    rng: np.random.Generator,
    count: int | None = None,
    buffer: FeedbackBuffer | None = None,
) -> FeedbackBuffer:
    """A teacher's answers about segments, odds included where the teacher is simulated.

    Args:
        teacher: answers at once.
        segments: what to ask about.
        ask: the question.
        rng: of the choice of groups; each is asked about once at most if the question is about one
            or two.
        count: questions; None for every pair, in order.
        buffer: of an earlier survey, to which the answers are added; None for a new one.

    Raises:
        ValueError: more questions than there are groups, or every pair of something else.
    """
    if count is None and ask.segments != 2:
        raise ValueError(f"every pair can be asked about, but {ask} is about {ask.segments}")
    groups: Any = (
        np.stack(np.triu_indices(len(segments), 1), 1)
        if count is None
        else uniform(count, ask.segments)(segments, None, rng)
    )
    if buffer is None:
        buffer = FeedbackBuffer(privileged=True)
    first = 1 + max((row.query.query_id for row in buffer), default=-1)
    queries = [
        Query(tuple(segments[place] for place in group), ask, query_id=first + number)
        for number, group in enumerate(groups.tolist())
    ]
    buffer.add(queries, teacher.answer(queries))
    return buffer
