"""The state of a `FeedbackBuffer` as parquet tables and a JSON page, and back; no pickle.

    segments/000.parquet ...   one row per segment; arrays as flat lists
    queries/000.parquet ...    one row per query; segments by their row number
    feedback/000.parquet ...   one row per answer: ties, skips, annotators and comments kept
    meta.json                  schema, plaudit's version, dtypes and shapes, rows of every part

A part is never changed. The next version of a buffer links the large ones (same file, no copy) and
writes what came since into one new part, together with the parts that are no larger than that. So
there are at most log2(rows) parts, and a row is written at most log2(rows) times however often a
growing buffer is saved.

Schema 1 had a single part, whose tables lay beside meta.json, and integer answers only.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.envs.types import State

SCHEMA = 2
META = "meta.json"
SEGMENT_COLUMNS = {
    "env_id": pa.string(),
    "episode": pa.int64(),
    "start": pa.int64(),
    "end": pa.int64(),
    "steps": pa.int64(),
    "text": pa.string(),
    "rewards": pa.list_(pa.float64()),
}
QUERY_COLUMNS = {
    "query_id": pa.int64(),
    "segments": pa.list_(pa.int64()),
    "ask": pa.string(),
    "order": pa.list_(pa.int64()),
    "context": pa.string(),
    "provenance": pa.string(),
}
FEEDBACK_COLUMNS = {
    "query_id": pa.int64(),
    "annotator": pa.string(),
    "answer": pa.string(),
    "reason": pa.string(),
    "comment": pa.string(),
    "probs": pa.list_(pa.float64()),
    "asked": pa.int64(),
    "answered": pa.int64(),
    "seconds": pa.float64(),
    "source": pa.string(),
    "seed": pa.int64(),
}
COLUMNS = {"segments": SEGMENT_COLUMNS, "queries": QUERY_COLUMNS, "feedback": FEEDBACK_COLUMNS}
JSON_COLUMNS = {"segments": (), "queries": ("ask", "context"), "feedback": ("answer",)}
ARRAYS = ("obs", "actions")

Counts = dict[str, int]
"""Rows of every table."""

Stamps = dict[str, tuple[int, int, int]]
"""What tells files, by their names within a version, from others: inode, bytes, time of change."""


def lasting(parts: Sequence[Counts], total: Counts) -> list[Counts]:
    """The leading parts that the next version links: each larger than all that comes after it."""
    sizes = [sum(part.values()) for part in parts]
    count, after = len(parts), sum(total.values()) - sum(sizes)
    while count and sizes[count - 1] <= after:
        count -= 1
        after += sizes[count]
    return list(parts[:count])


def write(
    path: Path, rows: State, before: Path | None = None, parts: Sequence[Counts] = ()
) -> list[Counts]:
    """Write a version of a buffer into an empty directory.

    Args:
        path: the directory.
        rows: what comes after `parts`, as `FeedbackBuffer.get_state` gives it.
        before: the directory of the version before.
        parts: its leading parts, which are linked.

    Returns:
        All parts.
    """
    fresh = {table: len(rows[table]) for table in COLUMNS}
    for table in COLUMNS:
        (path / table).mkdir()
        for number, part in enumerate(parts):
            if before is not None and part[table]:
                _link(before / _name(table, number), path / _name(table, number))
        if fresh[table]:
            name = path / _name(table, len(parts))
            pq.write_table(_table(table, rows[table]), name, write_page_checksum=True)
    parts = [*parts, fresh] if any(fresh.values()) else list(parts)
    meta = {
        "schema": SCHEMA,
        "plaudit": _version(),
        "privileged": rows["privileged"],
        "arrays": _arrays(rows["segments"], before),
        "rows": {table: sum(part[table] for part in parts) for table in COLUMNS},
        "parts": parts,
    }
    (path / META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    return parts


def read(path: Path) -> tuple[State, list[Counts]]:
    """The state that was written, and its parts; none of schema 1, which is read but not linked.

    Raises:
        FileNotFoundError: a file is missing; the message names it.
        ValueError: a file is damaged, which the message names, or of a newer schema.
    """
    meta = _meta(path)
    old = meta["schema"] == 1
    parts = [meta["rows"]] if old else meta["parts"]
    state: State = {table: [] for table in COLUMNS}
    for number, part in enumerate(parts):
        for table in COLUMNS:
            if part[table]:
                file = path / (f"{table}.parquet" if old else _name(table, number))
                state[table] += _rows(file, table, part[table], meta["arrays"])
    return {"privileged": meta["privileged"], **state}, [] if old else parts


def stamps(version: Path) -> Stamps:
    """The files of a version as they are now."""
    about = {file: file.stat() for file in version.rglob("*") if file.is_file()}
    return {
        file.relative_to(version).as_posix(): (a.st_ino, a.st_size, a.st_mtime_ns)
        for file, a in about.items()
    }


def intact(parts: Sequence[Counts], before: Stamps, now: Stamps) -> list[Counts]:
    """The leading parts of a version whose files are as they were.

    Args:
        parts: of the version.
        before: its files when they were written or read.
        now: its files now.
    """
    for number, part in enumerate(parts):
        names = [_name(table, number) for table in COLUMNS if part[table]]
        if any(name not in now or now[name] != before[name] for name in names):
            return list(parts[:number])
    return list(parts)


def _meta(path: Path) -> dict[str, Any]:
    if not (path / META).is_file():
        raise FileNotFoundError(f"no saved feedback in {path}: {META} is missing")
    with _naming(path / META):
        meta: dict[str, Any] = json.loads((path / META).read_text(encoding="utf-8"))
        schema = int(meta["schema"])
    if schema > SCHEMA:
        raise ValueError(
            f"the feedback in {path} has schema {schema} and was written by plaudit "
            f"{meta.get('plaudit', 'of a later version')}; this is plaudit {_version()}, which "
            f"reads schemas 1 to {SCHEMA}. Nothing was changed; use a newer plaudit"
        )
    with _naming(path / META):
        if schema < 1 or not {"privileged", "rows", "arrays"} <= set(meta):
            raise ValueError(f"schema {schema} with {', '.join(meta)}")
        for part in [meta["rows"]] if schema == 1 else meta["parts"]:
            if sorted(part) != sorted(COLUMNS):
                raise ValueError(f"a part has rows of {', '.join(part)}")
    return meta


def _rows(file: Path, table: str, count: int, kinds: dict[str, Any]) -> list[State]:
    """The rows of one part of a table."""
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing")
    with _naming(file):
        content = pq.read_table(file, page_checksum_verification=True)
        if content.num_rows != count:
            raise ValueError(f"it holds {content.num_rows} rows where {META} counts {count}")
        plain = [name for name in content.column_names if name not in ARRAYS]
        rows: list[State] = content.select(plain).to_pylist()
        for row in rows:
            for name in JSON_COLUMNS[table]:
                # Schema 1 had numbers in place of JSON texts in the column of answers.
                row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
        if table == "segments":
            _add_arrays(rows, content, kinds)
        return rows


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Errors within name the file that is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{file} is damaged: {error}") from error


def _table(table: str, rows: Sequence[State]) -> pa.Table:
    texts = JSON_COLUMNS[table]
    columns = {
        name: pa.array([json.dumps(r[name]) if name in texts else r[name] for r in rows], kind)
        for name, kind in COLUMNS[table].items()
        if name != "steps"
    }
    if table == "segments":
        columns["steps"] = pa.array([len(row["actions"]) for row in rows], pa.int64())
        columns |= {name: _lists([row[name] for row in rows]) for name in ARRAYS}
    return pa.table(columns)


def _lists(arrays: Sequence[npt.NDArray[Any]]) -> pa.LargeListArray:
    """One list per array, flattened in C order."""
    offsets = np.cumsum([0, *(array.size for array in arrays)])
    values = np.concatenate([array.ravel() for array in arrays])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values))


def _add_arrays(rows: Sequence[State], table: pa.Table, kinds: dict[str, Any]) -> None:
    for name in ARRAYS:
        kind, column = kinds[name], table.column(name).combine_chunks()
        offsets = column.offsets.to_numpy()
        values = column.values.to_numpy(zero_copy_only=False).astype(kind["dtype"], copy=False)
        for row, start, end in zip(rows, offsets[:-1], offsets[1:], strict=True):
            # An array without elements has a length all the same; schema 1 had none of these.
            length = row["steps"] + (name == "obs") if "steps" in row else -1
            row[name] = values[start:end].reshape(length, *kind["shape"])


def _arrays(segments: Sequence[State], before: Path | None) -> dict[str, Any]:
    """Dtype and shape of the arrays: those of the new segments, else those of the version before.

    The segments of one buffer are alike.
    """
    if segments:
        first = {name: segments[0][name] for name in ARRAYS}
        return {n: {"dtype": a.dtype.str, "shape": list(a.shape[1:])} for n, a in first.items()}
    arrays: dict[str, Any] = _meta(before)["arrays"] if before is not None else {}
    return arrays


def _link(file: Path, link: Path) -> None:
    try:
        os.link(file, link)
    except OSError:  # a file system without links
        shutil.copyfile(file, link)


def _name(table: str, number: int) -> str:
    return f"{table}/{number:03d}.parquet"


def _version() -> str:
    try:
        return metadata.version("plaudit")
    except metadata.PackageNotFoundError:
        return "from a checkout"
