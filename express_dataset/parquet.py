"""Rows as Parquet shards."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .schema import Example, kinds
from .splits import SPLITS

if TYPE_CHECKING:
    import pyarrow


SHARD = 50_000
"""Rows of one Parquet file."""


_ROW_GROUP = 1_000


def arrow_schema(further: Mapping[str, str] | None = None) -> pyarrow.Schema:
    """The columns of an example, as Parquet holds them.

    >>> str(arrow_schema().field("segment").type)
    'int32'
    """
    import pyarrow

    def type_of(kind: str) -> Any:
        if kind.startswith("list "):
            return pyarrow.list_(type_of(kind[5:]))
        return pyarrow.type_for_alias(kind)

    return pyarrow.schema([(name, type_of(kind)) for name, kind in kinds(further).items()])


class Shards:
    """The Parquet files of all splits, filled side by side; what is in the folder goes first.

    `rows` tells how many rows each split will have, which the names of the files tell, and
    `further` the kinds of further columns.
    """

    def __init__(
        self, folder: Path, rows: Counter[str], further: Mapping[str, str] | None = None
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._rows = rows
        self._schema = arrow_schema(further)
        self._waiting: dict[str, list[Example]] = {split: [] for split in SPLITS}
        self._written: Counter[str] = Counter()
        self._open: dict[str, Any] = {}

    def add(self, split: str, row: Example) -> None:
        """Put a row after those of its split."""
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
        rows = [row.cells() for row in self._waiting[split]]
        table = pyarrow.Table.from_pylist(rows, schema=self._schema)
        self._open[split].write_table(table, row_group_size=_ROW_GROUP)
        self._written[split] += len(self._waiting[split])
        self._waiting[split] = []
