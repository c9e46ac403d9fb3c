"""Rows as Parquet shards."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .schema import COLUMNS, Example
from .splits import SPLITS

if TYPE_CHECKING:
    import pyarrow


SHARD = 50_000
"""Rows of one Parquet file."""


_ROW_GROUP = 1_000


def arrow_schema() -> pyarrow.Schema:
    """The columns of an example, as Parquet holds them.

    Returns:
        A schema with one field per name in ``COLUMNS``.

    >>> tuple(arrow_schema().names) == COLUMNS
    True
    >>> str(arrow_schema().field("segment").type)
    'int32'
    """
    import pyarrow

    text, flags = pyarrow.string(), pyarrow.list_(pyarrow.bool_())
    kinds = {
        "labels": pyarrow.list_(text),
        "segment": pyarrow.int32(),
        "negated": flags,
        "leaked": flags,
        "created_utc": pyarrow.int64(),
        "over_18": pyarrow.bool_(),
    }
    return pyarrow.schema([(name, kinds.get(name, text)) for name in COLUMNS])


class Shards:
    """The Parquet files of all splits, filled side by side.

    Args:
        folder: where they go; anything there is removed first.
        rows: how many rows each split will have, which the names of the files tell.
    """

    def __init__(self, folder: Path, rows: Counter[str]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._rows = rows
        self._schema = arrow_schema()
        self._waiting: dict[str, list[Example]] = {split: [] for split in SPLITS}
        self._written: Counter[str] = Counter()
        self._open: dict[str, Any] = {}

    def add(self, split: str, row: Example) -> None:
        """Put a row after those of its split.

        Args:
            split: one of ``SPLITS``.
            row: the row.
        """
        self._waiting[split].append(row)
        if len(self._waiting[split]) == _ROW_GROUP:
            self._flush(split)

    def close(self) -> None:
        """Write what is left; a split without rows has no file, as `load_dataset` takes none."""
        for split in SPLITS:
            if self._waiting[split]:
                self._flush(split)
            if split in self._open:
                self._open.pop(split).close()

    def _flush(self, split: str) -> None:
        import pyarrow
        import pyarrow.parquet

        if self._written[split] % SHARD == 0:
            if split in self._open:
                self._open.pop(split).close()
            shard, shards = self._written[split] // SHARD, -(-self._rows[split] // SHARD)
            self._open[split] = pyarrow.parquet.ParquetWriter(
                self._folder / f"{split}-{shard:05d}-of-{shards:05d}.parquet",
                self._schema,
                compression="zstd",
                compression_level=3,
                write_statistics=True,
                version="2.6",
            )
        rows = self._waiting[split]
        columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
        table = pyarrow.table(columns, schema=self._schema)
        self._open[split].write_table(table, row_group_size=_ROW_GROUP)
        self._written[split] += len(self._waiting[split])
        self._waiting[split] = []


def sha256(path: Path) -> str:
    """Hash a file.

    Args:
        path: the file.

    Returns:
        64 hexadecimal digits.

    >>> len(sha256(Path(__file__)))
    64
    >>> sha256(Path(__file__)) == sha256(Path(__file__))
    True
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
