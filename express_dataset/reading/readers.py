"""Records out of CSV, JSONL and Parquet files, each with the place it came from."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_metric.errors import parquet_columns, unpacked, wide_cells

from ..errors import DataError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz", ".parquet")
"""The kinds of file that can be read."""

_SEPARATORS = ",;\t"
_TOLD = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n?|\n|$)')
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_HALF = re.compile("[\ud800-\udfff]")
WHOLE_CHARACTER = "\ufffd"
"""What stands for half of a character, which no file and no model can hold."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file, not yet understood."""

    where: str  # file and row, for messages
    values: dict[str, Any]  # the cells by column name
    replaced: int = 0  # halves of characters that were replaced


def is_table(path: Path) -> bool:
    """Whether a name is that of a file that can be read.

    >>> is_table(Path("posts.CSV.gz")), is_table(Path("posts.gz"))
    (True, False)
    """
    return path.name.lower().endswith(SUFFIXES)


def read(path: Path, shown: str | None = None) -> Iterator[Record]:
    """Read the rows of a file, one after the other; blank lines of a JSONL file are skipped.

    A CSV file may be UTF-8 or, by its mark, UTF-16, and have commas, semicolons or tabs.

    Raises:
        DataError: the file, `shown` by this name, is missing, of another kind or breaks off.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("id;text\\na1;hello, you\\n")
    >>> next(read(folder / "a.csv", "a.csv")).values
    {'id': 'a1', 'text': 'hello, you'}
    """
    name = shown or str(path)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no file"
        raise DataError(f"{name}: there is {found} here; give the path of a CSV, JSONL or Parquet")
    kind = path.name.lower().removesuffix(".gz")
    if not is_table(path):
        raise DataError(
            f"{name}: a file of the kind '{path.suffix.lower()}' cannot be read; "
            "give .csv, .tsv, .jsonl or .parquet"
        )
    if kind.endswith(".parquet"):
        return _read_parquet(path, name)
    if kind.endswith(".jsonl"):
        return _read_jsonl(_text(path, name), name)
    return _read_csv(_text(path, name), name, "\t" if kind.endswith(".tsv") else None)


def _text(path: Path, name: str) -> str:
    try:
        packed = path.suffix.lower() == ".gz"
        data = unpacked(path, DataError) if packed else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{name}: it is not a whole gzip file ({str(error).rstrip('.')}); "
            "pack or download it again"
        ) from None
    except OSError as error:
        raise DataError(f"{name}: it cannot be read ({error.strerror}); check its rights") from None
    encoding = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = encoding.upper().removesuffix("-SIG")
        raise DataError(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not {what}; "
            "save the file as UTF-8"
        ) from None


def mended(value: Any) -> tuple[Any, int]:
    """The value with each half of a character replaced, and how many there were."""
    if isinstance(value, str):
        return _HALF.subn(WHOLE_CHARACTER, value)
    if isinstance(value, list):
        parts = [mended(one) for one in value]
        return [part for part, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        named = {mended(name)[0]: mended(one) for name, one in value.items()}
        counts = sum(count for _, count in named.values())
        return {name: part for name, (part, _) in named.items()}, counts
    return value, 0


def _separator(text: str) -> str:
    """Of the header's line: a comma, unless there is none and there are others."""
    # Lines may end as on old Macs, and the header may follow blank ones.
    first = re.search("[^\r\n]+", text)
    line = [first[0]] if first else []
    cells = {one: len(next(csv.reader(line, delimiter=one), [])) for one in _SEPARATORS}
    return "," if cells[","] > 1 else max(_SEPARATORS, key=lambda one: cells[one])


def _read_csv(text: str, name: str, separator: str | None) -> Iterator[Record]:
    told = _TOLD.match(text)
    start = 1
    if told:
        # What spreadsheets write for each other.
        text, separator, start = text[told.end() :], told[1], 2
    if "\0" in text[:4]:
        raise DataError(
            f"{name}: it is UTF-16 without the mark that tells so; save the file as UTF-8"
        )
    with wide_cells():
        rows = list(_csv_rows(text, name, separator or _separator(text), start))
    if not rows:
        raise DataError(f"{name}: the file is empty; give a header line and one row per example")
    header = rows[0][1]
    twice = next((one for one in header if one and header.count(one) > 1), None)
    if twice:
        raise DataError(
            f"{name}: the column '{twice}' stands twice; give every column a name of its own"
        )
    for number, (line, cells) in enumerate(rows[1:], 1):
        where = f"{name}, row {number} (line {line})"
        if len(cells) != len(header):
            raise DataError(
                f"{where}: {len(cells)} cells for {len(header)} columns; "
                "the file may be half-written: mend or remove the row"
            )
        yield Record(where, dict(zip(header, cells, strict=True)))


def _csv_rows(text: str, name: str, separator: str, start: int) -> Iterator[tuple[int, list[str]]]:
    # StringIO would hold four bytes a letter.
    lines = io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = start
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + start
    except csv.Error as error:
        raise DataError(
            f"{name}, the row that begins at line {line}: it is not CSV ({error}); "
            "the file may be half-written: mend or remove the row"
        ) from None


def _read_jsonl(text: str, name: str) -> Iterator[Record]:
    # Not splitlines(): it also splits at separators that may stand inside a JSON string.
    lines = text.split("\n" if "\n" in text else "\r")
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
        # Two halves that belong together are one character by now.
        yield Record(where, *(mended(values) if "\\ud" in line.lower() else (values, 0)))
    if empty:
        raise DataError(f"{name}: the file is empty; give one JSON object a line")


def _read_parquet(path: Path, name: str) -> Iterator[Record]:
    import pyarrow

    try:
        number = 0
        for batch in parquet_columns(path, DataError):
            for values in zip(*batch.values(), strict=True):
                number += 1
                yield Record(f"{name}, row {number}", dict(zip(batch, values, strict=True)))
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{name}: it is not a whole Parquet file ({str(error).splitlines()[0].rstrip('.')}); "
            "write or download it again"
        ) from None
    if not number:
        raise DataError(f"{name}: the file has no rows; give one row per example")
