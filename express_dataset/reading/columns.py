"""From the cells of a record to an example, for the two sets of columns that are known."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from ..flags import leaked, negated
from ..schema import Example, check, example_id, pseudonym
from ..splits import SPLITS
from .readers import Record

AUTHORS = ("original_ids", "segment", "labels")
"""The columns that tell the authors' files; their other columns are not needed."""

OURS = ("id", "text", "labels")
"""The columns that a file of one's own must have."""


@dataclass(frozen=True, slots=True)
class Row:
    """An example with what only its file knows.

    Attributes:
        example: the checked example.
        split: what the file's own ``split`` column says, else None.
        where: file and row.

    >>> record = Record("a.jsonl, line 1", {"id": "a1", "text": "<mask>!", "labels": ["sad"]})
    >>> row = next(understand([record]))
    >>> row.example.labels, row.split
    (('sad',), None)
    >>> row.where
    'a.jsonl, line 1'
    """

    example: Example
    split: str | None
    where: str


def layout(columns: Iterable[str]) -> str | None:
    """Tell whose columns these are.

    Args:
        columns: the column names.

    Returns:
        ``"authors"``, ``"ours"`` or None.

    >>> layout(["index", "original_ids", "segment", "labels"])
    'authors'
    >>> layout(["id", "text", "labels", "split"])
    'ours'
    """
    names = set(columns)
    if names.issuperset(AUTHORS):
        return "authors"
    return "ours" if names.issuperset(OURS) else None


def understand(records: Iterable[Record]) -> Iterator[Row]:
    """Turn records into checked rows, with the flags and ids they lack.

    Args:
        records: rows in the authors' columns or in ours, from one file or several.

    Yields:
        One ``Row`` per record, in the same order.

    Raises:
        DataError: unknown columns, a cell of the wrong kind, a row that ``check`` refuses or
            an id that was used before.

    >>> cells = {"original_ids": "abc", "segment": "I feel <mask>.", "labels": "['sad']"}
    >>> next(understand([Record("x.csv, row 1", cells)])).example.labels
    ('sad',)
    >>> list(understand([Record("x.csv, row 1", {"title": "a"})]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: x.csv, row 1: the columns title are not known; ...
    """
    positions: Counter[str] = Counter()
    seen: dict[str, str] = {}
    for record in records:
        kind = layout(record.values)
        if kind == "authors":
            row = _from_authors(record, positions)
        elif kind == "ours":
            row = _from_ours(record, positions)
        else:
            raise DataError(
                f"{record.where}: the columns {', '.join(map(str, record.values)) or '(none)'} "
                f"are not known; give {', '.join(OURS)} or the authors' {', '.join(AUTHORS)}"
            )
        check(row.example, row.where)
        first = seen.setdefault(row.example.id, row.where)
        if first is not row.where:
            raise DataError(
                f"{row.where}: the id '{row.example.id}' is already used in {first}; "
                "give every row its own id"
            )
        yield row


def _from_authors(record: Record, positions: Counter[str]) -> Row:
    values, where = record.values, record.where
    source_id, text = values["original_ids"], values["segment"]
    if not isinstance(source_id, str) or not source_id.strip():
        raise DataError(f"{where}: original_ids is empty; give the id of the post")
    post = pseudonym(source_id.strip())
    labels = _labels(values["labels"], where)
    example = _example(post, positions, _text(text, "segment", where), labels)
    return Row(example, None, where)


def _example(post: str, positions: Counter[str], text: str, labels: tuple[str, ...]) -> Example:
    place = positions[post]
    positions[post] += 1
    name = example_id(post, place)
    return Example(name, post, text, labels, place, negated(text), leaked(text, labels))


def _from_ours(record: Record, positions: Counter[str]) -> Row:
    values, where = record.values, record.where
    given = values["id"]
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise DataError(f"{where}: the id is {_shown(given)}; give a text or a whole number")
    name = str(given)
    text = _text(values["text"], "text", where)
    labels = _labels(values["labels"], where)
    post = values.get("post_id")
    post = name if post in (None, "") else str(post)
    place = _whole(values.get("segment"), "segment", where)
    split = values.get("split")
    if split not in (None, "", *SPLITS):
        raise DataError(
            f"{where}: the split is {_shown(split)}; write train, test or few_shot, "
            "or leave the column out"
        )
    example = Example(
        id=name,
        post_id=post,
        text=text,
        labels=labels,
        segment=positions[post] if place is None else place,
        negated=_flags(values.get("negated"), "negated", where) or negated(text),
        leaked=_flags(values.get("leaked"), "leaked", where) or leaked(text, labels),
        subreddit=_optional_text(values.get("subreddit"), "subreddit", where),
        created_utc=_whole(values.get("created_utc"), "created_utc", where),
        over_18=_truth(values.get("over_18"), "over_18", where),
    )
    positions[post] += 1
    return Row(example, split or None, where)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def _text(value: Any, column: str, where: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{where}: {column} is {_shown(value)}; give the segment as text")
    return value


def _optional_text(value: Any, column: str, where: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise DataError(f"{where}: {column} is {_shown(value)}; give text or leave it empty")
    return value


def _list(value: Any, column: str, example: str, where: str) -> list[Any]:
    """A list, or the text of one as Python or JSON writes it."""
    found = value
    if isinstance(value, str):
        for parse in (ast.literal_eval, json.loads):
            try:
                found = parse(value.strip())
                break
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                found = None
    if not isinstance(found, list | tuple):
        raise DataError(
            f"{where}: the {column} cell {_shown(value)} is not a list; write it like {example}"
        )
    return list(found)


def _labels(value: Any, where: str) -> tuple[str, ...]:
    labels = _list(value, "labels", "['sad', 'happy']", where)
    for place, label in enumerate(labels, 1):
        if not isinstance(label, str):
            raise DataError(
                f"{where}: label {place} is {_shown(label)}; write the masked term as text"
            )
    return tuple(label.strip() for label in labels)


def _flags(value: Any, column: str, where: str) -> tuple[bool, ...]:
    if value is None or value == "":
        return ()
    flags = _list(value, column, "[true, false]", where)
    for place, flag in enumerate(flags, 1):
        if not isinstance(flag, bool):
            raise DataError(f"{where}: flag {place} of {column} is {_shown(flag)}; use true, false")
    return tuple(flags)


def _whole(value: Any, column: str, where: str) -> int | None:
    if value is None or value == "":
        return None
    try:
        # Through pandas a whole number comes back as 1600000000.0 where a column has gaps.
        number = float(value) if not isinstance(value, bool) else None
        if number is not None and number.is_integer():
            return int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(f"{where}: {column} is {_shown(value)}; give a whole number or leave it empty")


def _truth(value: Any, column: str, where: str) -> bool | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if known is None:
        raise DataError(f"{where}: {column} is {_shown(value)}; give true, false or leave it empty")
    return known
