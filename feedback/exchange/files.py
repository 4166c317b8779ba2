"""Rows of files with texts, each with its place for messages.

JSON Lines (`.jsonl`, also `.jsonl.gz`), JSON lists (`.json`) and Parquet (`.parquet`) are read.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.feedback.exchange.texts import ROLE_AND_CONTENT, Said, checked_said

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".parquet")


class FileRow(NamedTuple):
    """One row of a file.

    Attributes:
        file: its name.
        number: counted from 1, for files of lines the line.
        fields: by column.
    """

    file: str
    number: int
    fields: dict[str, Any]

    @property
    def place(self) -> str:
        return f"{self.file}, row {self.number}"

    def field(self, name: str) -> Any:
        """A field.

        Raises:
            ValueError: the row lacks it.
        """
        if self.fields.get(name) is None:
            has = ", ".join(self.fields) or "nothing"
            raise ValueError(f"{self.place}: no {name!r}; the row has {has}")
        return self.fields[name]

    def said(self, name: str) -> Said:
        """A field that holds a text or messages.

        Raises:
            ValueError: it holds something else, or is missing.
        """
        said = checked_said(self.field(name), f"{self.place}: {name!r}")
        return (
            said if isinstance(said, str) else [{k: m[k] for k in ROLE_AND_CONTENT} for m in said]
        )

    def annotator(self, otherwise: str) -> str:
        """Who answered, as the row's own "annotator" says, if it does."""
        return str(self.fields.get("annotator") or otherwise)

    def kept(self, columns: Iterable[str]) -> dict[str, Any]:
        """Some fields as the "columns" of a query's context; {} where none are wanted.

        Raises:
            ValueError: one is missing, or no JSON value.
        """
        fields = {name: self.field(name) for name in columns}
        try:
            json.dumps(fields)
        except TypeError as error:
            raise ValueError(f"{self.place}: {error}, so it can't be kept") from error
        return {"columns": fields} if fields else {}


def file_rows(path: Path) -> Iterator[FileRow]:
    """The rows of a file, in their order.

    Raises:
        FileNotFoundError: there is none.
        ValueError: its kind is unknown, or it is damaged; the message names file and row.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    for number, fields in enumerate(_values(path), start=1):
        if not isinstance(fields, dict):
            raise ValueError(f"{path.name}, row {number}: expected an object, got {fields!r}")
        if fields:
            yield FileRow(path.name, number, fields)


def read_json(path: Path) -> Any:
    """The value of a JSON file, with or without a byte order mark.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged; the message names it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    return _parsed(path.read_bytes(), path.name)


def _values(path: Path) -> Iterator[Any]:
    """What the rows hold; {} for an empty line."""
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(undamaged(path, lines), start=1):
                yield _parsed(line, f"{path.name}, row {number}") if line.strip() else {}
    elif path.suffix == ".json":
        content = read_json(path)
        if not isinstance(content, list):
            raise ValueError(f"{path.name}: expected a list of objects")
        yield from content
    elif path.suffix == ".parquet":
        try:
            table = pq.ParquetFile(path)
            for batch in table.iter_batches():
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path.name} is damaged: {error}") from error
    else:
        raise ValueError(f"{path.name} is none of {', '.join(SUFFIXES)}")


def undamaged(path: Path, lines: Iterable[str]) -> Iterator[str]:
    """The lines of an opened file; ValueError with its name where they can't be read."""
    try:
        yield from lines
    except (EOFError, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error


def _parsed(text: str | bytes, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{place}: no JSON: {error}") from error
