"""Files -> columns: the part of reading results that depends on the format."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import io
import itertools
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from .errors import MetricError, parquet_columns, unpacked, wide_cells

MASK = "<mask>"
# What each role's column may be called, the first that the file has counting.
REFERENCES = ("references", "labels")
ANSWERS = ("completion", "output", "predictions", "output_formatted")
LISTS = ("predictions",)  # answers that are lists of terms, not raw text
RAW = ("completion", "output")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_ROLES = {
    "references": REFERENCES,
    "answers": ANSWERS,
    "id": ("id", "index"),
    "post_id": ("post_id", "original_ids", "original_index"),
    "number": ("number_of_labels",),
}
# The first that holds a mask counts: `segment` is the text in the authors' files, a number in ours.
_TEXTS = ("text", "segment")
_NEEDED, _OPTIONAL = ("references", "answers"), ("id", "post_id", "number")


@dataclasses.dataclass(frozen=True)
class Table:
    """The columns of a file that matter for scoring."""

    path: Path  # the file
    unit: str  # what a row is called in a message: `row` or `line`
    literals: bool  # whether lists are written as text, as in CSV
    names: dict[str, str]  # role to the column's name
    # role to the column's values; of `masks` the number of masks in the text
    roles: dict[str, list[Any]]
    # the number of each row in the file, counted from 1; None if there are no gaps
    numbers: list[int] | None = None

    def where(self, row: int) -> str:
        """Name a row for a message; ``row`` counts from 0."""
        return f"{self.path}, {self.unit} {self.number(row)}"

    def number(self, row: int) -> int:
        """The number of a row in the file, counted from 1; ``row`` counts from 0."""
        return self.numbers[row] if self.numbers else row + 1

    def texts(self, role: str) -> list[str] | None:
        """Return a role's values as text, or None where the file has no such column."""
        values = self.roles.get(role)
        return None if values is None else list(map(str, values))


def read_table(
    path: Path, named: Mapping[str, str] | None = None, separator: str | None = None
) -> Table:
    """Read the columns that matter from a CSV, TSV, JSONL or Parquet file, gzipped or not.

    `named` gives the columns of roles by name. Without `separator` the cells of a text file are
    parted as its first line or the file's ending says.
    """
    named = {role: name for role, name in (named or {}).items() if name}
    loaders: dict[str, Callable[[Path], Table]] = {
        ".csv": lambda file: _read_csv(file, named, separator),
        ".tsv": lambda file: _read_csv(file, named, separator or "\t"),
        ".jsonl": lambda file: _read_jsonl(file, named),
        ".ndjson": lambda file: _read_jsonl(file, named),
        ".parquet": lambda file: _read_parquet(file, named),
    }
    load = loaders.get(plain_name(path).suffix.lower())
    if not path.exists():
        what = "file" if load else "file or folder"
        raise MetricError(f"{path}: there is no such {what}")
    if load is None:
        raise MetricError(
            f"{path}: results are read from .csv, .tsv, .jsonl, .ndjson and .parquet files, by the "
            "ending of the name; save a spreadsheet as CSV UTF-8"
        )
    if not path.is_file():
        raise MetricError(f"{path}: there is no such file")
    try:
        return _checked(load(path))
    except UnicodeDecodeError as error:
        raise MetricError(
            f"{path}: the file is not UTF-8 ({error.reason}); save it as CSV UTF-8"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise MetricError(f"{path}: cannot be read: {error}") from error


def plain_name(path: Path) -> Path:
    """The name without ``.gz``: the ending tells what is inside.

    >>> plain_name(Path("a.csv.gz")).stem
    'a'
    """
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _open(path: Path) -> TextIO:
    """Open a text file that may be gzipped, in UTF-8 or in UTF-16 as Excel saves it."""
    packed = path != plain_name(path)
    file: BinaryIO = io.BytesIO(unpacked(path, MetricError)) if packed else path.open("rb")
    head = file.read(2)
    file.seek(0)
    encoding = "utf-8-sig"
    if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    elif head[1:] == b"\0":
        encoding = "utf-16-le"
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def _choose(
    path: Path, named: Mapping[str, str], columns: Iterable[str], others: Iterable[str] = ()
) -> dict[str, str]:
    """The column of each role; references and answers not from ``others``."""
    found = list(columns)
    for name in named.values():
        if name not in (*found, *others):
            raise MetricError(f"{path}: there is no column {name!r}, only {', '.join(found[:20])}")
    known = dict.fromkeys(_NEEDED, found) | {role: [*found, *others] for role in _OPTIONAL}
    names = {
        role: next(name for name in options if name in known[role])
        for role, options in _ROLES.items()
        if any(name in known[role] for name in options)
    }
    names.update(named)
    for role in _NEEDED:
        if role not in names:
            options = _ROLES[role]
            shown = ", ".join(found[:20]) or "none"
            option = "predictions" if role == "answers" else role
            raise MetricError(
                f"{path}: no column for the {role}: expected {' or '.join(options)}, "
                f"found {shown}; rename it, or name it with `express score --{option}`"
            )
    raw = names["answers"]
    if "answers" not in named and raw in RAW and LISTS[0] in (*found, *others):
        raise MetricError(
            f"{path}: the columns {raw} and {LISTS[0]} both hold answers; leave one of them out"
        )
    return names


def _read_csv(path: Path, named: Mapping[str, str], separator: str | None) -> Table:
    with wide_cells(), _open(path) as file:
        return _read_csv_rows(path, file, named, separator)


def _csv_rows(file: TextIO, separator: str | None) -> Any:
    """Rows of cells, parted as asked, as Excel's line ``sep=;`` says, or as the header shows."""
    first = file.readline()
    told = re.fullmatch(r"\ufeff?\"?sep=(.)\"?\s*", first)
    if told:
        return csv.reader(file, strict=True, delimiter=separator or told[1])
    parted = SEPARATORS.get(separator, separator) if separator else None
    # Quoted names may hold any of these; a header without commas uses another one.
    bare = re.sub(r'"[^"]*"', "", first)
    parted = parted or next((mark for mark in ",;\t" if mark in bare), ",")
    # Strict, or a cell that is cut off would pass for the model's answer.
    return csv.reader(
        itertools.chain([first] if first else [], file), strict=True, delimiter=parted
    )


def _read_csv_rows(
    path: Path, file: TextIO, named: Mapping[str, str], separator: str | None
) -> Table:
    try:
        rows = _csv_rows(file, separator)
    except TypeError:
        raise MetricError(
            f"the separator {separator!r} must be one character, or {', '.join(SEPARATORS)}"
        ) from None
    try:
        header = next(rows, None)
        if not header:
            raise MetricError(f"{path}: the file is empty; expected a header")
        names = _choose(path, named, header)
        places = {role: header.index(name) for role, name in names.items()}
        texts = {name: header.index(name) for name in _TEXTS if name in header}
        roles: dict[str, list[Any]] = {role: [] for role in places}
        fills = [(roles[role].append, place) for role, place in places.items()]
        masks: dict[str, list[int | None]] = {name: [] for name in texts}
        number = 0
        for row in rows:
            if not row:
                continue
            number += 1
            if len(row) != len(header):
                raise MetricError(
                    f"{path}, row {number}: {len(row)} cells, expected the header's "
                    f"{len(header)}; is the file cut off?"
                )
            for append, place in fills:
                append(row[place])
            for name, place in texts.items():
                # Counted at once, so that the texts need not be kept in memory.
                masks[name].append(row[place].count(MASK))
    except csv.Error as error:
        raise MetricError(
            f"{path}, line {rows.line_num}: not CSV ({error}); is the file cut off?"
        ) from error
    return _table(path, "row", True, (names, roles, masks))


def _read_jsonl(path: Path, named: Mapping[str, str]) -> Table:
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                cut = "" if line.endswith("\n") else "; the last line was written only in part"
                raise MetricError(f"{path}, line {number}: not JSON{cut}") from None
            if not isinstance(record, dict):
                raise MetricError(f"{path}, line {number}: expected a JSON object in each line")
            records.append(record)
            numbers.append(number)
    if not records:
        raise MetricError(f"{path}: the file is empty; expected a JSON object in each line")
    every = dict.fromkeys(key for record in records for key in record)
    names = _choose(path, named, records[0], every)
    for record, number in zip(records, numbers, strict=True):
        for role in _NEEDED:
            if names[role] not in record:
                raise MetricError(
                    f"{path}, line {number}: lacks {names[role]!r}, which the first line has"
                )
    roles = {role: [record.get(name) for record in records] for role, name in names.items()}
    texts = {name: [_masks(record.get(name)) for record in records] for name in _TEXTS}
    return _table(path, "line", False, (names, roles, texts), numbers)


def _read_parquet(path: Path, named: Mapping[str, str]) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_schema(path.absolute()).names
        names = _choose(path, named, found)
        texts = [name for name in _TEXTS if name in found]
        wanted = sorted({*names.values(), *texts})
        columns: dict[str, list[Any]] = {name: [] for name in wanted}
        for batch in parquet_columns(path, MetricError, wanted):
            for name, values in batch.items():
                columns[name] += values
    except pa.ArrowInvalid as error:
        raise MetricError(f"{path}: not a Parquet file: {str(error).splitlines()[0]}") from error
    roles = {role: columns[name] for role, name in names.items()}
    masks = {name: [_masks(text) for text in columns[name]] for name in texts}
    return _table(path, "row", False, (names, roles, masks))


def _masks(text: object) -> int | None:
    return text.count(MASK) if isinstance(text, str) else None


def _table(
    path: Path,
    unit: str,
    literals: bool,
    found: tuple[dict[str, str], dict[str, list[Any]], Mapping[str, Sequence[int | None]]],
    numbers: list[int] | None = None,
) -> Table:
    """A table of the columns found: names, values, and the masks of each column of text."""
    names, roles, masks = found
    text = next((name for name, counts in masks.items() if any(counts)), None)
    if text is not None:
        names["masks"], roles["masks"] = text, list(masks[text])
    return Table(path, unit, literals, names, roles, numbers)


def _checked(table: Table) -> Table:
    """Refuse ids and posts that are missing here and there, and an id that stands twice."""
    for role in ("id", "post_id"):
        values = table.roles.get(role, [])
        gaps = [row for row, value in enumerate(values) if _is_missing(value)]
        if gaps and len(gaps) == len(values):
            del table.roles[role], table.names[role]
        elif gaps:
            # As one value, the missing ones would make one giant post, or one example.
            raise MetricError(
                f"{table.where(gaps[0])}: the column {table.names[role]} is empty, but other rows "
                "have it; fill it in every row, or leave the column out"
            )
    first: dict[str, int] = {}
    for row, key in enumerate(table.texts("id") or ()):
        before = first.setdefault(key, row)
        if before != row:
            raise MetricError(
                f"{table.where(row)}: the {table.names['id']} {key!r} stands in {table.unit} "
                f"{table.number(before)} already; give each row an id of its own"
            )
    return table


def _is_missing(value: object) -> bool:
    if isinstance(value, str):
        # "nan" is what pandas makes of a gap.
        return value.strip() in ("", "nan")
    return value is None or value != value
