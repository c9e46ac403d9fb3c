"""Files -> columns: the part of reading results that depends on the format."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import MetricError

MASK = "<mask>"
# What each role's column may be called, the first that the file has counting.
REFERENCES = ("references", "labels")
ANSWERS = ("completion", "output", "predictions", "output_formatted")
_MAX_CELL = 2**31 - 1
LISTS = ("predictions",)  # answers that are lists of terms, not raw text
_ROLES = {
    "references": REFERENCES,
    "answers": ANSWERS,
    "id": ("id", "index"),
    "post_id": ("post_id", "original_ids", "original_index"),
    "number": ("number_of_labels",),
    "masks": ("text", "segment"),
}


@dataclasses.dataclass(frozen=True)
class Table:
    """The columns of a file that matter for scoring.

    Attributes:
        path: the file.
        unit: what a row is called in a message: ``row`` or ``line``.
        literals: whether lists are written as text, as in CSV.
        names: role to the column's name.
        roles: role to the column's values; of ``masks`` the number of masks in the text.
        numbers: the number of each row in the file, counted from 1; None if there are no gaps.

    >>> table = Table(Path("a.csv"), "row", True, {"id": "id"}, {"id": [7]})
    >>> table.where(0), table.texts("id"), table.texts("post_id")
    ('a.csv, row 1', ['7'], None)
    >>> Table(Path("a.jsonl"), "line", False, {}, {}, [3]).where(0)
    'a.jsonl, line 3'
    """

    path: Path
    unit: str
    literals: bool
    names: dict[str, str]
    roles: dict[str, list[Any]]
    numbers: list[int] | None = None

    def where(self, row: int) -> str:
        """Name a row for a message; ``row`` counts from 0."""
        number = self.numbers[row] if self.numbers else row + 1
        return f"{self.path}, {self.unit} {number}"

    def texts(self, role: str) -> list[str] | None:
        """Return a role's values as text, or None where the file has no such column."""
        values = self.roles.get(role)
        return None if values is None else list(map(str, values))


def read_table(path: Path) -> Table:
    """Read the columns that matter from a CSV, JSONL or Parquet file.

    Raises:
        MetricError: for a file that cannot be read in its format or lacks the columns.

    >>> read_table(Path("results.xlsx"))
    Traceback (most recent call last):
    ...
    express_metric.errors.MetricError: results.xlsx: results are read from .csv, .jsonl, .ndjson \
and .parquet files, by the ending of the name
    >>> read_table(Path("missing.csv"))
    Traceback (most recent call last):
    ...
    express_metric.errors.MetricError: missing.csv: there is no such file
    """
    loaders: dict[str, Callable[[Path], Table]] = {
        ".csv": _read_csv,
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".parquet": _read_parquet,
    }
    load = loaders.get(path.suffix.lower())
    if load is None:
        raise MetricError(
            f"{path}: results are read from .csv, .jsonl, .ndjson and .parquet files, by the "
            "ending of the name"
        )
    if not path.is_file():
        raise MetricError(f"{path}: there is no such file")
    try:
        return load(path)
    except UnicodeDecodeError as error:
        raise MetricError(f"{path}: the file is not UTF-8 ({error.reason})") from error
    except OSError as error:
        raise MetricError(f"{path}: cannot be read: {error}") from error


def _choose(path: Path, columns: Iterable[str]) -> dict[str, str]:
    found = list(columns)
    names = {
        role: next(name for name in options if name in found)
        for role, options in _ROLES.items()
        if any(name in found for name in options)
    }
    for role, options in (("references", REFERENCES), ("answers", ANSWERS)):
        if role not in names:
            shown = ", ".join(found[:20]) or "none"
            raise MetricError(
                f"{path}: no column for the {role}: expected {' or '.join(options)}, found {shown}"
            )
    return names


def _read_csv(path: Path) -> Table:
    # A model that rambles can fill a cell with more than the module's limit of 131,072 characters.
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        return _read_csv_rows(path)
    finally:
        csv.field_size_limit(limit)


def _read_csv_rows(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            header = next(rows, None)
            if not header:
                raise MetricError(f"{path}: the file is empty; expected a header")
            names = _choose(path, header)
            places = {role: header.index(name) for role, name in names.items()}
            text = places.pop("masks", None)
            roles: dict[str, list[Any]] = {role: [] for role in places}
            fills = [(roles[role].append, place) for role, place in places.items()]
            masks: list[int] = []
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
                if text is not None:
                    # Counted at once, so that the texts need not be kept in memory.
                    masks.append(row[text].count(MASK))
        except csv.Error as error:
            raise MetricError(f"{path}, line {rows.line_num}: not CSV: {error}") from error
    if text is not None:
        roles["masks"] = masks
    return Table(path, "row", True, names, roles)


def _read_jsonl(path: Path) -> Table:
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    with path.open(encoding="utf-8-sig") as file:
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
    names = _choose(path, records[0])
    for record, number in zip(records, numbers, strict=True):
        for role in ("references", "answers"):
            if names[role] not in record:
                raise MetricError(
                    f"{path}, line {number}: lacks {names[role]!r}, which the first line has"
                )
    columns = {name: [record.get(name) for record in records] for name in names.values()}
    return _table(path, "line", names, columns, numbers)


def _read_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = _choose(path, pq.read_schema(path).names)
        columns = pq.read_table(path, columns=sorted(set(names.values()))).to_pydict()
    except pa.ArrowInvalid as error:
        raise MetricError(f"{path}: not a Parquet file: {str(error).splitlines()[0]}") from error
    return _table(path, "row", names, columns, None)


def _table(
    path: Path,
    unit: str,
    names: dict[str, str],
    columns: dict[str, list[Any]],
    numbers: list[int] | None,
) -> Table:
    roles = {role: columns[name] for role, name in names.items()}
    if "masks" in roles:
        roles["masks"] = [
            text.count(MASK) if isinstance(text, str) else None for text in roles["masks"]
        ]
    return Table(path, unit, False, names, roles, numbers)
