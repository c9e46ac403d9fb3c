"""Sheets for coders and from them: CSV and XLSX, in which no text is ever a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError, require
from express_dataset.files import whole
from express_metric.errors import wide_cells

SHEETS = (".csv", ".xlsx")
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile(r"^'(?=\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
# What a workbook cannot hold, and the most characters of a cell.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST = 32_000
_WIDTHS = {"text": 90, "reason": 40, "first": 24, "second": 24}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet: where it stands, and its cells by column."""

    where: str
    cells: Mapping[str, str]


def safe(text: str) -> str:
    """A text that a spreadsheet takes for text: an apostrophe stands before what could be run.

    >>> safe("=1+1"), safe(" @a"), safe("sad")
    ("'=1+1", "' @a", 'sad')
    >>> unsafe(safe("-3"))
    '-3'
    """
    text = _UNFIT.sub("", text)[:_MOST]
    return f"'{text}" if _FORMULA.match(text) else text


def unsafe(text: str) -> str:
    """The text as it was before `safe`."""
    return _QUOTED.sub("", text)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV that spreadsheets open as UTF-8."""
    with (
        whole(path) as unfinished,
        unfinished.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream,
    ):
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows([safe(cell) for cell in row] for row in rows)


def write_xlsx(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    choices: Mapping[str, Sequence[str]],
) -> None:
    """Write a workbook of one sheet."""
    openpyxl: Any = require("openpyxl", "study")
    styles: Any = require("openpyxl.styles", "study")
    validation: Any = require("openpyxl.worksheet.datavalidation", "study")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "study"
    count = 1
    for count, row in enumerate([header, *rows], 1):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(count, column, safe(text))
            cell.data_type = "s"  # never "f", whatever it begins with
            cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
            cell.font = styles.Font(bold=count == 1)
    for column, name in enumerate(header, 1):
        letter = sheet.cell(1, column).column_letter
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 12)
        if name in choices and count > 1:
            rule = validation.DataValidation(
                type="list", formula1=f'"{",".join(choices[name])}"', allow_blank=True
            )
            rule.add(f"{letter}2:{letter}{count}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "A2"
    with whole(path) as unfinished:
        book.save(unfinished)


def read_sheet(path: Path) -> list[Row]:
    """Rows of a CSV or XLSX, as people save them: any usual delimiter and encoding."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give a coder's .csv or .xlsx, or a study")
    suffix = path.suffix.lower()
    if suffix not in SHEETS:
        raise DataError(f"{path}: a sheet must be .csv or .xlsx; save it as one of them")
    found = list(_xlsx(path) if suffix == ".xlsx" else _csv(path))
    if not found:
        raise DataError(f"{path}: the sheet is empty; give a header and a row for each item")
    header = [cell.strip().lower() for cell in found[0][1]]
    rows = []
    for line, cells in found[1:]:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise DataError(
                f"{path}, line {line}: {len(cells)} cells for {len(header)} columns; the file may "
                "be half-written: mend or remove the row"
            )
        rows.append(Row(f"{path}, line {line}", dict(zip(header, map(unsafe, cells), strict=True))))
    return rows


def _csv(path: Path) -> list[tuple[int, list[str]]]:
    text = _decoded(path)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        with wide_cells():
            return [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: it is not CSV ({error}); the file may be "
            "half-written: save it again"
        ) from None


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: it cannot be read ({error.strerror}); check its rights") from None
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataError(f"{path}: it is not a text file; save the sheet as CSV UTF-8")


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    openpyxl: Any = require("openpyxl", "study")
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise DataError(
            f"{path}: it is not a whole workbook ({str(error) or type(error).__name__}); save it "
            "again as .xlsx"
        ) from None
    width = max((len(row) for row in rows[:1]), default=0)
    for line, row in enumerate(rows, 1):
        yield line, ["" if cell is None else str(cell) for cell in row[:width]]
