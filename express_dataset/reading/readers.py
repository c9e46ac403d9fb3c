"""Records out of CSV, JSONL and Parquet files, each with the place it came from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError

SUFFIXES = (".csv", ".jsonl", ".parquet")
"""The kinds of file that can be read."""

_CELL_LIMIT = 2**31 - 1  # the largest that the csv module takes on every platform


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file, not yet understood.

    Attributes:
        where: file and row, for messages.
        values: the cells by column name.

    >>> Record("posts.csv, row 1 (line 2)", {"id": "a1"}).values["id"]
    'a1'
    >>> Record("posts.jsonl, line 7", {}).where
    'posts.jsonl, line 7'
    """

    where: str
    values: dict[str, Any]


def read(path: Path, shown: str | None = None) -> Iterator[Record]:
    """Read the rows of a file, one after the other.

    Args:
        path: a ``.csv``, ``.jsonl`` or ``.parquet`` file.
        shown: the name for messages, where it is not the path.

    Yields:
        One ``Record`` a row; blank lines of a JSONL file are skipped.

    Raises:
        DataError: the file is missing, of another kind, not UTF-8, or breaks off.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.jsonl").write_text('{"id": "a1"}\\n')
    >>> [record.values for record in read(folder / "a.jsonl")]
    [{'id': 'a1'}]
    >>> _ = (folder / "a.csv").write_text("id,text\\na1,hello\\n")
    >>> next(read(folder / "a.csv", "a.csv")).where
    'a.csv, row 1 (line 2)'
    """
    name = shown or str(path)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no file"
        raise DataError(f"{name}: there is {found} here; give the path of a CSV, JSONL or Parquet")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _read_csv(_text(path, name), name)
    if suffix == ".jsonl":
        return _read_jsonl(_text(path, name), name)
    if suffix == ".parquet":
        return _read_parquet(path, name)
    raise DataError(
        f"{name}: a file of the kind '{suffix}' cannot be read; give .csv, .jsonl or .parquet"
    )


def _text(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{name}: it cannot be read ({error.strerror}); check its rights") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def _read_csv(text: str, name: str) -> Iterator[Record]:
    before = csv.field_size_limit(_CELL_LIMIT)
    try:
        # The limit is one for the whole process: read everything, then put it back.
        rows = list(_csv_rows(text, name))
    finally:
        csv.field_size_limit(before)
    if not rows:
        raise DataError(f"{name}: the file is empty; give a header line and one row per example")
    header = rows[0][1]
    for number, (line, cells) in enumerate(rows[1:], 1):
        where = f"{name}, row {number} (line {line})"
        if len(cells) != len(header):
            raise DataError(
                f"{where}: {len(cells)} cells for {len(header)} columns; "
                "the file may be half-written: mend or remove the row"
            )
        yield Record(where, dict(zip(header, cells, strict=True)))


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{name}, the row that begins at line {line}: it is not CSV ({error}); "
            "the file may be half-written: mend or remove the row"
        ) from None


def _read_jsonl(text: str, name: str) -> Iterator[Record]:
    # Not splitlines(): it also splits at separators that may stand inside a JSON string.
    lines = text.split("\n")
    empty = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        empty = False
        where = f"{name}, line {number}"
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                raise DataError(
                    f"{where}: the last line is half-written; remove it or write the file again"
                ) from None
            raise DataError(
                f"{where}: it is not JSON ({error.msg} at column {error.colno}); "
                "write one JSON object a line"
            ) from None
        except (ValueError, RecursionError):  # thousands of digits, or of brackets in each other
            raise DataError(
                f"{where}: a number is too long or lists are too deep in each other; mend the line"
            ) from None
        if not isinstance(values, dict):
            raise DataError(
                f"{where}: it is a JSON {type(values).__name__}; write one JSON object a line"
            )
        yield Record(where, values)
    if empty:
        raise DataError(f"{name}: the file is empty; give one JSON object a line")


def _read_parquet(path: Path, name: str) -> Iterator[Record]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(batch_size=4096):
            for values in batch.to_pylist():
                number += 1
                yield Record(f"{name}, row {number}", values)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{name}: it is not a whole Parquet file ({str(error).splitlines()[0].rstrip('.')}); "
            "write or download it again"
        ) from None
    if not number:
        raise DataError(f"{name}: the file has no rows; give one row per example")
