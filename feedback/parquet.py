"""The state of a `FeedbackBuffer` as parquet tables and a JSON page, and back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.envs.types import State

SCHEMA = 1
META = "meta.json"
SEGMENT_COLUMNS = {
    "env_id": pa.string(),
    "episode": pa.int64(),
    "start": pa.int64(),
    "end": pa.int64(),
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
    "answer": pa.int64(),
    "reason": pa.string(),
    "probs": pa.list_(pa.float64()),
    "asked": pa.int64(),
    "answered": pa.int64(),
    "source": pa.string(),
    "seed": pa.int64(),
}
ARRAYS = ("obs", "actions")
JSON_COLUMNS = ("ask", "context")


def write(path: Path, state: State) -> None:
    """Write a buffer's state into an empty directory."""
    segments = state["segments"]
    table = _table(segments, SEGMENT_COLUMNS)
    for name in ARRAYS:
        table = table.append_column(name, _lists([fields[name] for fields in segments]))
    queries = [
        {**fields, **{name: json.dumps(fields[name]) for name in JSON_COLUMNS}}
        for fields in state["queries"]
    ]
    tables = {
        "segments": table,
        "queries": _table(queries, QUERY_COLUMNS),
        "feedback": _table(state["feedback"], FEEDBACK_COLUMNS),
    }
    for name, content in tables.items():
        pq.write_table(content, path / f"{name}.parquet")
    meta = {
        "schema": SCHEMA,
        "privileged": state["privileged"],
        "rows": {name: content.num_rows for name, content in tables.items()},
        "arrays": {name: _kind(segments[0][name]) for name in ARRAYS} if segments else {},
    }
    (path / META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> State:
    """The state that `write` wrote.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, or of another schema.
    """
    names = ("segments", "queries", "feedback")
    for file in (META, *(f"{name}.parquet" for name in names)):
        if not (path / file).is_file():
            raise FileNotFoundError(f"no saved feedback in {path}: {file} is missing")
    try:
        meta = json.loads((path / META).read_text(encoding="utf-8"))
        if meta["schema"] != SCHEMA:
            raise ValueError(f"schema {meta['schema']}, but this version reads {SCHEMA}")
        tables = {name: pq.read_table(path / f"{name}.parquet") for name in names}
        rows = {name: table.num_rows for name, table in tables.items()}
        if rows != meta["rows"]:
            raise ValueError(f"{META} counts {meta['rows']} rows, the tables hold {rows}")
        queries = tables["queries"].to_pylist()
        for fields in queries:
            fields.update({name: json.loads(fields[name]) for name in JSON_COLUMNS})
        return {
            "privileged": meta["privileged"],
            "segments": _segments(tables["segments"], meta["arrays"]),
            "queries": queries,
            "feedback": tables["feedback"].to_pylist(),
        }
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"the feedback saved in {path} is damaged: {error}") from error


def _table(rows: Sequence[State], columns: dict[str, pa.DataType]) -> pa.Table:
    arrays = [pa.array([row[name] for row in rows], kind) for name, kind in columns.items()]
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(columns.items())))


def _lists(arrays: Sequence[npt.NDArray[Any]]) -> pa.ListArray:
    """One list per array, flattened in C order."""
    if not arrays:
        return pa.array([], pa.list_(pa.float64()))
    offsets = np.cumsum([0, *(array.size for array in arrays)])
    values = np.concatenate([array.ravel() for array in arrays])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values))


def _kind(array: npt.NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.str, "shape": list(array.shape[1:])}


def _segments(table: pa.Table, kinds: dict[str, Any]) -> list[State]:
    rows: list[State] = table.select(list(SEGMENT_COLUMNS)).to_pylist()
    for name, kind in kinds.items():
        column = table.column(name).combine_chunks()
        offsets = column.offsets.to_numpy()
        values = column.values.to_numpy(zero_copy_only=False).astype(kind["dtype"], copy=False)
        for row, start, end in zip(rows, offsets[:-1], offsets[1:], strict=True):
            row[name] = values[start:end].reshape(-1, *kind["shape"])
    return rows
