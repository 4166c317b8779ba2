"""Comparisons of segments of an offline data set: the label.csv that Uni-RLHF exports.

One row per query: `query_id`, the steps `start_indices_1` to `end_indices_1` (exclusive) and
`start_indices_2` to `end_indices_2` of the data set, and `label`, either an option, or all answers
as a literal {user: {question: option}}. Options are -1 equal, 0 first, 1 second.
"""

import ast
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange.files import undamaged
from plaudit.feedback.exchange.npz import load_arrays
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

OPTIONS = {-1: 2, 0: 0, 1: 1}
"""Answers by the options of the released labels."""

BOUNDS = ("start_indices_1", "end_indices_1", "start_indices_2", "end_indices_2")


class _Label(NamedTuple):
    """One row of the file."""

    place: str
    fields: Mapping[str, str]
    bounds: tuple[int, ...]


def read_uni_rlhf(
    path: Path,
    *,
    steps: Path | None = None,
    env_id: str = "uni-rlhf",
    options: Mapping[int, int] = OPTIONS,
    privileged: bool = False,
) -> FeedbackBuffer:
    """Comparisons by several annotators, all of them kept; ties too.

    Annotators bear the name of `annotator_name` where the file tells it for their id, else the id.
    `context` keeps the query's "id" and its number of "skips", which have no name. The clock is the
    row's number.

    Source: arXiv:2402.02423 (Uni-RLHF).
    Differs: its own export names the first annotator only; the others are read from the label.

    Args:
        path: label.csv.
        steps: an .npz file with "observations" (N, ...) and "actions" (N, ...) of the data set, and
            perhaps "next_observations" and "rewards"; without it segments have no steps, and their
            references alone tell what was judged.
        env_id: of the segments' references.
        options: answers (0 first, 1 second, 2 a tie) by option; a project's own order of options
            may differ.
        privileged: keep true rewards, if there are any.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a row is no such comparison; the message names file and row.
    """
    data = None if steps is None else _data(Path(steps))
    try:
        labels = list(_labels(Path(path)))
    except csv.Error as error:
        raise ValueError(f"{Path(path).name} is damaged: {error}") from error
    names = {
        label.fields["annotator_id"]: label.fields["annotator_name"]
        for label in labels
        if label.fields.get("annotator_id") and label.fields.get("annotator_name")
    }
    queries: dict[str, Query] = {}
    feedback = []
    for number, label in enumerate(labels):
        name = label.fields["query_id"]
        query = queries.setdefault(name, _query(label, data, env_id, len(queries)))
        if [bound for s in query.segments for bound in (s.ref.start, s.ref.end)] != [*label.bounds]:
            raise ValueError(f"{label.place}: query {name} had other segments in an earlier row")
        for who, option in _said(label).items():
            if type(option) is not int or option not in options:
                raise ValueError(f"{label.place}: option {option!r} is none of {[*options]}")
            feedback.append(
                Feedback(
                    query.query_id,
                    names.get(who, who),
                    options[option],
                    answered=number,
                    source="human",
                )
            )
    buffer = FeedbackBuffer(privileged=privileged)
    buffer.add(list(queries.values()), feedback)
    return buffer


def _labels(path: Path) -> Iterator[_Label]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(undamaged(path, lines))
        missing = {"query_id", "label", *BOUNDS} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(
                f"{path.name} has no column {', '.join(sorted(missing))}; only comparisons of two "
                "segments are read"
            )
        for number, fields in enumerate(reader, start=1):
            place = f"{path.name}, row {number}"
            if None in fields or None in fields.values():
                raise ValueError(f"{place}: it has not as many fields as the header")
            try:
                bounds = tuple(int(fields[name]) for name in BOUNDS)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{place}: the bounds of segments are no integers") from error
            if not (0 <= bounds[0] < bounds[1] and 0 <= bounds[2] < bounds[3]):
                raise ValueError(f"{place}: segments need 0 <= start < end, got {bounds}")
            yield _Label(place, fields, bounds)


def _said(label: _Label) -> dict[str, Any]:
    """The option that every annotator took."""
    text = label.fields["label"]
    if not text:
        return {}
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{label.place}: the label {text[:80]!r} can't be read") from error
    if isinstance(value, int):
        return {label.fields.get("annotator_id") or "unknown": value}
    answers = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(said, dict) and len(said) == 1 for said in answers):
        raise ValueError(
            f"{label.place}: the label {text[:80]!r} is neither an option nor one answer to one "
            "question per user"
        )
    return {str(who): next(iter(said.values())) for who, said in value.items()}


def _query(
    label: _Label, data: dict[str, npt.NDArray[Any]] | None, env_id: str, number: int
) -> Query:
    first, second = label.bounds[:2], label.bounds[2:]
    skips = label.fields.get("skip_num") or "0"
    context = {"id": label.fields["query_id"], "skips": int(skips) if skips.isdigit() else 0}
    segments = tuple(_segment(label.place, data, env_id, *part) for part in (first, second))
    return Query(segments, Compare(ties=True), (), context, number, "uni-rlhf")


def _segment(
    place: str, data: dict[str, npt.NDArray[Any]] | None, env_id: str, start: int, end: int
) -> Segment:
    ref = SegmentRef(env_id, 0, start, end)
    if data is None:
        return Segment(np.zeros((1, 0), np.float32), np.zeros(0, np.int64), ref)
    total = len(data["actions"])
    if end > total:
        raise ValueError(f"{place}: steps {start} to {end} of a data set of {total}")
    after = data["next_observations" if "next_observations" in data else "observations"][end - 1]
    return Segment(
        np.concatenate([data["observations"][start:end], after[None]]),
        data["actions"][start:end].copy(),
        ref,
        rewards=data["rewards"][start:end].astype(np.float64) if "rewards" in data else None,
    )


def _data(path: Path) -> dict[str, npt.NDArray[Any]]:
    data = load_arrays(path, required=("observations", "actions"))
    for name in ("observations", "next_observations", "rewards"):
        if name in data and len(data[name]) != len(data["actions"]):
            raise ValueError(
                f"{path.name} has {len(data['actions'])} actions and {len(data[name])} {name}"
            )
    return data
