"""Parts of a buffer: filters, and splits into what is learned from and what is held out.

They share the buffer's queries and segments, and copy nothing.
"""

from collections.abc import Callable, Collection
from typing import Literal

from plaudit.envs.names import nearest
from plaudit.envs.types import stream
from plaudit.feedback.agreement import by_query
from plaudit.feedback.asks import KINDS, Ask
from plaudit.feedback.store import FeedbackBuffer, Row
from plaudit.feedback.types import SOURCES, Source

TAKES = {
    "agreement": ("at",),
    "annotator": ("share",),
    "query": ("share",),
    "time": ("share", "at"),
}


def filtered(
    buffer: FeedbackBuffer,
    *,
    annotator: str | Collection[str] | None = None,
    source: Source | None = None,
    after: int | None = None,
    before: int | None = None,
    ask: Ask | str | None = None,
    min_agreement: float | None = None,
) -> FeedbackBuffer:
    """The answers, skips included, to which all that is given applies.

    Source: own design.

    Args:
        buffer: what is filtered; it is left as it is.
        annotator: who answered, one or several.
        source: "sim", "llm" or "human".
        after: answered at this time or later, by the asker's clock.
        before: answered earlier than this.
        ask: the question, or a kind of question such as "compare".
        min_agreement: least share of pairs of annotators who agree on the query, in [0, 1], see
            `agreement.by_query`; queries answered only once are left out.

    Raises:
        ValueError: an unknown source or kind of question, or a share outside [0, 1].
    """
    if source is not None and source not in SOURCES:
        raise ValueError(f"unknown source {source!r}{nearest(source, SOURCES)}")
    if isinstance(ask, str) and ask not in KINDS:
        raise ValueError(f"unknown kind of question {ask!r}{nearest(ask, KINDS)}")
    names = {annotator} if isinstance(annotator, str) else annotator
    tests: list[Callable[[Row], bool]] = []
    if names is not None:
        tests.append(lambda row: row.feedback.annotator in names)
    if source is not None:
        tests.append(lambda row: row.feedback.source == source)
    if after is not None:
        tests.append(lambda row: row.feedback.answered >= after)
    if before is not None:
        tests.append(lambda row: row.feedback.answered < before)
    if ask is not None:
        tests.append(lambda row: ask in (row.query.ask, row.query.ask.kind))
    if min_agreement is not None:
        agreed = _agreed(buffer, min_agreement)
        tests.append(lambda row: row.query.query_id in agreed)
    return buffer.select(row for row in buffer if all(test(row) for test in tests))


def split(
    buffer: FeedbackBuffer,
    by: Literal["annotator", "query", "time", "agreement"],
    *,
    share: float | None = None,
    at: float | None = None,
    seed: int = 0,
) -> tuple[FeedbackBuffer, FeedbackBuffer]:
    """Two buffers, of which one or the other holds every answer and every skip.

    annotator   a share of annotators, drawn at random, and all they said, come first
    query       a share of queries, drawn at random, and all that was said to them, come first; two
                queries about one segment may be parted
    time        what was answered before the time `at` comes first, or the earliest share; what was
                answered at one time stays together
    agreement   queries on which at least the share `at` of pairs of annotators agree come first
                (see `agreement.by_query`), those with less or with a single answer second

    Source: own design.

    Args:
        buffer: what is split; it is left as it is.
        by: what stays together.
        share: of annotators, queries or answers in the first part, in (0, 1), rounded to whole
            ones, but none of the parts is empty where there are two.
        at: a time by the asker's clock, or a least agreement in [0, 1].
        seed: of the order in which annotators or queries are drawn.

    Raises:
        ValueError: an unknown `by`, a `share` or `at` that does not go with it or out of range.
    """
    if by not in TAKES:
        raise ValueError(f"a buffer can't be split by {by!r}{nearest(by, TAKES)}")
    given = {name for name, value in {"share": share, "at": at}.items() if value is not None}
    if len(given) != 1 or not given <= set(TAKES[by]):
        wanted = " or ".join(TAKES[by])
        raise ValueError(f"a split by {by} takes {wanted}, got share={share}, at={at}")
    if share is not None and not 0.0 < share < 1.0:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    first = _first(buffer, by, share, at, seed)
    return (
        buffer.select(row for row in buffer if first(row)),
        buffer.select(row for row in buffer if not first(row)),
    )


def _first(
    buffer: FeedbackBuffer, by: str, share: float | None, at: float | None, seed: int
) -> Callable[[Row], bool]:
    """Whether a row belongs to the first part."""
    if by == "agreement" and at is not None:
        agreed = _agreed(buffer, at)
        return lambda row: row.query.query_id in agreed
    if share is not None and by != "time":
        key: Callable[[Row], int | str] = _annotator if by == "annotator" else _query
        names = list(dict.fromkeys(map(key, buffer)))
        order = stream(seed, f"split by {by}").permutation(len(names))
        drawn = {names[i] for i in order[: _count(share, len(names))]}
        return lambda row: key(row) in drawn
    time = _time(buffer, share) if at is None and share is not None else at
    return lambda row: time is not None and row.feedback.answered < time


def _annotator(row: Row) -> str:
    return row.feedback.annotator


def _query(row: Row) -> int:
    return row.query.query_id


def _time(buffer: FeedbackBuffer, share: float) -> int | None:
    """The time before which about a share of the answers was given; None where there are none."""
    times = sorted(row.feedback.answered for row in buffer)
    return times[_count(share, len(times))] if len(times) > 1 else None


def _count(share: float, total: int) -> int:
    return min(max(round(share * total), 1), total - 1)


def _agreed(buffer: FeedbackBuffer, least: float) -> set[int]:
    """Queries on which annotators agree at least so much."""
    if not 0.0 <= least <= 1.0:
        raise ValueError(f"agreement is a share in [0, 1], got {least}")
    return {query_id for query_id, share in by_query(buffer).items() if share >= least - 1e-9}
