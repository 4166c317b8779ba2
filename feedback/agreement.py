"""How far annotators agree: the share of pairs of them who do, and Krippendorff's alpha.

Answers are compared by their parts, one value each:

    Compare                   the segment preferred, however much, or a tie
    Rank                      for every pair of segments, which one comes first
    Rate                      the level or number
    Check, Mark, Describe,    each item, step, feature or kind of statement
    Critique
    all others                the answer

Alpha compares the disagreement observed within queries to that expected if answers were exchanged
between them: 1 - D_o / D_e, with

    D_o = sum_u m_u d_u / sum_u m_u,    D_e = d of all answers together,

where u are the queries with m_u >= 2 answers, d is the mean disagreement of pairs of answers, and
two answers disagree by the share of their parts that differ, or by their squared difference where
they are ratings. It is 1 for perfect agreement and 0 for chance; annotators may be missing.

Source: Krippendorff 2004, "Content Analysis", chapter 11; Hayes and Krippendorff 2007,
    doi:10.1080/19312450709336664.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.feedback.asks import Answer, Ask, Compare, Rank, Rate
from plaudit.feedback.store import FeedbackBuffer, Row

CLOSE = 0.1
"""Ratings on a continuous scale agree within this share of it."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How far the annotators of one kind of question agree.

    Attributes:
        ask: the question.
        queries: how many were answered at least twice; the rest tells nothing.
        answers: to these, skips left out.
        raw: share of pairs of answers to a query that agree, mean over queries; NaN if none.
        alpha: Krippendorff's, at most 1; NaN where all answers are the same or there are none.
    """

    ask: Ask
    queries: int
    answers: int
    raw: float
    alpha: float


def agreement(buffer: FeedbackBuffer) -> list[Agreement]:
    """How far annotators agree, for every kind of question in the buffer, in their order.

    Args:
        buffer: answers, of which several to a query are compared.
    """
    return [_of(ask, [r for r in buffer if r.query.ask == ask]) for ask in buffer.asks]


def by_query(rows: Iterable[Row]) -> dict[int, float]:
    """Share of pairs of annotators who agree, in [0, 1], for queries answered at least twice.

    Ratings agree within one level, on a continuous scale within a tenth of it; answers in several
    parts count by the share of parts that are the same.

    Args:
        rows: answers; skips are left out.
    """
    together: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.feedback.answer is not None:
            together[row.query.query_id].append(row)
    return {
        query_id: 1.0 - _mean_disagreement(group[0].query.ask, _values(group))
        for query_id, group in together.items()
        if len(group) > 1
    }


def _of(ask: Ask, rows: Sequence[Row]) -> Agreement:
    shares = by_query(rows)
    rows = [r for r in rows if r.feedback.answer is not None and r.query.query_id in shares]
    raw = float(np.mean(list(shares.values()))) if shares else np.nan
    return Agreement(ask, len(shares), len(rows), raw, _alpha(ask, rows))


def _alpha(ask: Ask, rows: Sequence[Row]) -> float:
    if not rows:
        return np.nan
    values = _values(rows)
    ids = np.array([row.query.query_id for row in rows])
    order = np.argsort(ids, kind="stable")
    queries = np.split(values[order], np.flatnonzero(np.diff(ids[order])) + 1)
    spread = _squares if isinstance(ask, Rate) else _unlike
    expected = spread(values)
    observed = sum(len(said) * spread(said) for said in queries) / len(rows)
    return float(1.0 - observed / expected) if expected > 0 else np.nan


def _mean_disagreement(ask: Ask, values: Values) -> float:
    if not isinstance(ask, Rate):
        return _unlike(values)
    near = 1.0 if ask.levels is not None else CLOSE * (ask.high - ask.low)
    apart = [abs(float(a - b)) > near * (1 + 1e-9) for a, b in combinations(values[:, 0], 2)]
    return float(np.mean(apart))


def _unlike(values: Values) -> float:
    """Share of parts that differ, mean over pairs of rows of (m, P)."""
    size = len(values)
    equal = [
        (counts * (counts - 1)).sum()
        for counts in (np.unique(part, return_counts=True)[1] for part in values.T)
    ]
    return float(1.0 - np.mean(equal) / (size * (size - 1)))


def _squares(values: Values) -> float:
    """Squared difference, mean over pairs of rows of (m, 1)."""
    return float(2.0 * values[:, 0].var(ddof=1))


def _values(rows: Sequence[Row]) -> Values:
    """Answers to one kind of question by their parts, (m, P)."""
    ask: Any = rows[0].query.ask
    answers: list[Answer] = [r.feedback.answer for r in rows if r.feedback.answer is not None]
    if isinstance(ask, Compare):
        sides = [ask.preferred(int(a)) for a in answers]  # type: ignore[arg-type]
        return np.array([[2.0 if side is None else side] for side in sides], np.float64)
    if isinstance(ask, Rank):
        places = np.argsort(np.array(answers), axis=1)
        pairs = combinations(range(ask.segments), 2)
        return np.array([places[:, i] < places[:, j] for i, j in pairs], np.float64).T
    array = np.array(answers)
    return np.asarray(array[:, None] if isinstance(ask, Rate) else ask.codes(array), np.float64)
