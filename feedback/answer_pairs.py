"""Two answers to each question, compared: the data that a reward of answers is learned from.

For worlds where an episode is one action, a whole answer. Both answers to a question are given in
the same episode, as its seed draws it, so that they differ in nothing else.

Source: arXiv:2203.02155, section 3.2 (comparisons of answers to one prompt).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.evaluate import make_rows
from plaudit.feedback.asks import Compare
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Query
from plaudit.feedback.wrappers import VectorRecordSegments


def compared_answers(
    teacher: Teacher,
    world: str,
    settings: Mapping[str, Any],
    seeds: npt.NDArray[np.integer[Any]],
    answers: npt.NDArray[Any],
) -> FeedbackBuffer:
    """Play pairs of answers and ask which one is better.

    Args:
        teacher: is asked about all pairs at once; it may open rewards and states.
        world: its id.
        settings: of the world, JSON values.
        seeds: (n,) of the questions.
        answers: (n, 2, ...) an action each.

    Raises:
        ValueError: shapes do not fit, or an episode is not over after one action.

    Source: arXiv:2203.02155.
    """
    count = len(seeds)
    if answers.shape[:2] != (count, 2):
        raise ValueError(
            f"{count} questions need answers of shape ({count}, 2, ...), got {answers.shape}"
        )
    rows = 2 * count
    env = VectorRecordSegments(make_rows(world, rows, **settings), keep=rows, states=True)
    env.reset(seed=np.repeat(seeds, 2).tolist())
    env.step(answers.reshape(rows, *answers.shape[2:]))
    if len(env.last_cut) != rows:
        raise ValueError(
            "an episode must be one answer: make the world with actions that write whole answers "
            f"(macro), of {rows} episodes {len(env.last_cut)} are over"
        )
    cut = [env.segments.segment(int(place)) for place in np.argsort(env.last_cut)]
    pairs = zip(cut[::2], cut[1::2], strict=True)
    queries = [Query(pair, Compare(), query_id=number) for number, pair in enumerate(pairs)]
    buffer = FeedbackBuffer()
    buffer.add(queries, teacher.answer(queries))
    return buffer
