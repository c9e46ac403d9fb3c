"""Write the finished rows as Parquet, the same bytes every time."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..flags import leaked, negated
from ..schema import Example, check, example_id
from ..splits import SPLITS
from .dedup import Decision

if TYPE_CHECKING:
    pass


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
