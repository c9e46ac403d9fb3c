"""Write the finished rows as Parquet, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..flags import leaked, negated
from ..schema import COLUMNS, Example, check, example_id
from ..splits import SPLITS
from .dedup import Decision

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


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Read the posts that one task has written.

    Args:
        path: a ``.jsonl.zst`` of the build; a task that kept no post has written none.

    Yields:
        The posts, as the fields of datatrove's documents.
    """
    import orjson
    import zstandard

    if not path.exists():
        return
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as plain:
        for line in io.BufferedReader(plain, 1 << 20):
            yield orjson.loads(line)


def examples(
    records: Iterable[dict[str, Any]], decision: Decision
) -> Iterator[tuple[str, Example]]:
    """Turn the posts into rows.

    Args:
        records: all posts, in the order of the survey.
        decision: what becomes of each.

    Yields:
        The split and the row of each segment that is kept.

    Raises:
        DataError: a row breaks the rules of the schema.
    """
    place = 0
    for number, record in enumerate(records):
        for position, window in enumerate(record["metadata"]["windows"]):
            if not (decision.dropped[number] or decision.dropped_segments[place]):
                row = _example(record, position, window)
                check(row, f"post {record['id']}, segment {position}")
                yield SPLITS[decision.splits[number]], row
            place += 1


def _example(record: dict[str, Any], position: int, window: dict[str, Any]) -> Example:
    text, labels, source = window["text"], tuple(window["labels"]), record["metadata"]
    return Example(
        id=example_id(record["id"], position),
        post_id=record["id"],
        text=text,
        labels=labels,
        segment=position,
        negated=negated(text),
        leaked=leaked(text, labels),
        subreddit=source.get("subreddit"),
        created_utc=source.get("created_utc"),
        over_18=source.get("over_18"),
    )


def count_rows(sizes: Iterable[int], decision: Decision) -> Counter[str]:
    """Count the rows of each split before they are written.

    Args:
        sizes: how many segments each post has, in the order of the survey.
        decision: what becomes of each.

    Returns:
        Rows for each split.
    """
    counts = Counter(dict.fromkeys(SPLITS, 0))
    place = 0
    for number, size in enumerate(sizes):
        kept = size - sum(decision.dropped_segments[place : place + size])
        counts[SPLITS[decision.splits[number]]] += 0 if decision.dropped[number] else kept
        place += size
    return counts


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


def write_readme(path: Path, splits: Iterable[str]) -> None:
    """Write the few lines by which `load_dataset` finds the splits.

    Args:
        path: the README of the built folder; `publish` makes the dataset card.
        splits: those that have rows.
    """
    files = "".join(f"  - {{split: {name}, path: data/{name}-*.parquet}}\n" for name in splits)
    path.write_text(
        "---\n"
        "configs:\n"
        f"- config_name: default\n  data_files:\n{files}"
        "---\n\n"
        "Built by `express dataset build`; `build.json` tells of what and how.\n",
        encoding="utf-8",
    )


def write_json(path: Path, content: object) -> None:
    """Write a JSON file whole or not at all.

    Args:
        path: the file.
        content: what JSON can hold.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(file, {"a": 1})
    >>> read_json(file)
    {'a': 1}
    """
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that this package wrote.

    Args:
        path: the file.

    Returns:
        The object in it.

    Raises:
        DataError: the file holds something else.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(file, {"a": [1, 2]})
    >>> read_json(file)["a"]
    [1, 2]
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        raise DataError(f"{path}: not written by a build; move the folder away and build again")
    return content


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
