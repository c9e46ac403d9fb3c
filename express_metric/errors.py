"""The errors a user can mend, every package's own under the first of them; plain text; bounds."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What acts on a terminal or turns the direction of writing, and halves of characters.
_ACTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""A text that acts on no terminal: what would act is written out, in JSON's way.

    >>> printable("sad\x1b[2J\u202e")
    'sad\\u001b[2J\\u202e'
    """
    return _ACTS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def without_halves(text: str) -> str:
    r"""A text with U+FFFD for each half of a character (of an emoji), which no file can hold.

    >>> without_halves("sad \ud83d")
    'sad \ufffd'
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: object) -> str:
    r"""A name in one line, without what cannot be seen.

    >>> one_line("a\n b\u202ec")
    'a bc'
    """
    return "".join(mark for mark in " ".join(str(text).split()) if mark.isprintable())


class ExpressError(ValueError):
    """Something a user can mend: one sentence that says where, what was found, and how to mend it.

    The command line prints it and exits with code 2. The sentence ends without a full stop, so
    that a path or a command at its end can be copied and another text can go on behind it; what it
    quotes of data stays in its line and acts on no terminal.

    >>> str(ExpressError("--limit must be at least 1, got 0."))
    '--limit must be at least 1, got 0'
    """

    def __init__(self, sentence: str = "") -> None:
        line = re.sub(r"\s*[\n\r\u2028\u2029]\s*", " ", sentence)
        super().__init__(printable(re.sub(r"(?<!\.)\.\Z", "", line)))


class MetricError(ExpressError):
    """A mistake in a file, an option or an argument of the metric."""


FREE, RATIO = 1 << 26, 50
"""What a packed file of results or data may unpack to: so many bytes, and so many for each of its
own (stories pack to a third, lists of terms to a thirtieth)."""

_VALUES = 5_000_000  # of a Parquet file, and one more for each byte of it
_ROWS = 4096


@contextmanager
def wide_cells() -> Iterator[None]:
    """Let the csv module read cells of any length: a model that rambles fills one.

    Its limit of 131,072 characters is one for the whole process: read everything within.
    """
    before = csv.field_size_limit(2**31 - 1)  # the largest that it takes on every platform
    try:
        yield
    finally:
        csv.field_size_limit(before)


def unpacked(path: Path, error: type[ExpressError]) -> bytes:
    """The content of a gzip file.

    Raises:
        ExpressError: of the class given; it unpacks to more than it may.
    """
    most = FREE + RATIO * path.stat().st_size
    with gzip.open(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise error(_too_much(path))
    return content


def parquet_columns(
    path: Path, error: type[ExpressError], columns: Sequence[str] | None = None
) -> Iterator[dict[str, list[Any]]]:
    """The columns of a Parquet file, some rows at a time.

    Raises:
        ExpressError: of the class given; it unpacks to more than it may.
    """
    from pyarrow import parquet

    size = path.stat().st_size
    most = FREE + RATIO * size
    with parquet.ParquetFile(path.absolute()) as file:  # Arrow takes `a:b` for an address
        about = file.metadata
        chunks = [
            about.row_group(group).column(column)
            for group in range(about.num_row_groups)
            for column in range(about.num_columns)
        ]
        if (
            sum(chunk.num_values for chunk in chunks) > _VALUES + size
            or sum(chunk.total_uncompressed_size for chunk in chunks) > most
        ):
            raise error(_too_much(path))
        # A value that stands once in the file may stand in each row.
        largest = max((chunk.total_uncompressed_size for chunk in chunks), default=1)
        held = 0
        for batch in file.iter_batches(
            max(1, min(_ROWS, FREE // max(largest, 1))), columns=columns
        ):
            held += batch.nbytes
            if held > most:
                raise error(_too_much(path))
            yield {
                name: _values(column)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }


def _values(column: Any) -> list[Any]:
    """A column in Python; a value that the file holds once is held once."""
    if not hasattr(column, "dictionary"):
        return list(column.to_pylist())
    words = column.dictionary.to_pylist()
    return [None if place is None else words[place] for place in column.indices.to_pylist()]


def _too_much(path: Path) -> str:
    return (
        f"{path}: it unpacks to more than {FREE >> 20} MiB and {RATIO} times its size; if it is "
        "what it should be, write it anew, unpacked"
    )
