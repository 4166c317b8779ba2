"""Where noise strikes in the tests: a question, utilities, and what is seen and remembered."""

import numpy as np

from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.noises.base import Memory, Odds, Situation
from plaudit.feedback.types import Query, Segment, SegmentRef


def situation(ask, utilities=None, *, order=(), texts=None, context=None, memory=None):
    """Segments of two steps, with the texts given; where no utilities are, all is alike."""
    texts = texts or [None] * ask.segments
    segments = tuple(
        Segment(np.zeros(3), np.zeros(2), SegmentRef("test", i, 0, 2), text)
        for i, text in enumerate(texts)
    )
    utilities = ask.alike(2) if utilities is None else np.array(utilities, np.float64)
    query = Query(segments, ask, order, context or {}, query_id=4)
    return Situation(query, segments, utilities, memory or Memory())


def meant(ask):
    """Odds of the answers of somebody to whom all is alike."""
    return Odds(Boltzmann(1.0, tie=0.5).odds(ask, ask.alike(2)))
