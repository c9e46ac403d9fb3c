"""From the cells of a record to an example, for the two sets of columns that are known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import DataError, Misfit
from ..schema import COLUMNS, Example, check, example_id, pseudonym
from ..splits import SPLITS
from . import cells
from .readers import Record, mended

AUTHORS = ("original_ids", "segment", "labels")
"""The columns that tell the authors' files. Of the others only the topics are taken."""

OURS = ("id", "text", "labels")
"""The columns that a file of one's own must have."""

REFUSE, LEAVE_OUT = "refuse", "leave out"
"""What is done about rows that cannot be examples."""


@dataclass(frozen=True, slots=True)
class Row:
    """An example with what only its file knows."""

    example: Example
    split: str | None  # what the file's own `split` column says
    where: str  # file and row
    replaced: int = 0  # halves of characters that were replaced


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that cannot be an example."""

    where: str  # file and row
    reason: str  # the same for all rows of its kind
    told: str  # what is wrong, in a sentence


def layout(columns: Iterable[str]) -> str | None:
    """Tell whose columns these are: ``"authors"``, ``"ours"`` or None.

    >>> layout(["index", "original_ids", "segment", "labels"])
    'authors'
    """
    names = set(columns)
    if names.issuperset(AUTHORS):
        return "authors"
    return "ours" if names.issuperset(OURS) else None


def understand(
    records: Iterable[Record], left_out: list[LeftOut] | None = None, misfits: str | None = None
) -> Iterator[Row]:
    """Turn records into checked rows, with the flags and ids they lack.

    A row that cannot be an example goes to `left_out` in the authors' columns, and is refused in
    ours; `misfits`, ``"refuse"`` or ``"leave out"``, says otherwise.

    Raises:
        DataError: unknown columns, a cell of the wrong kind, a row that cannot be an example or
            an id that was used before.

    >>> cells = {"original_ids": "abc", "segment": "I feel <mask>.", "labels": "['sad']"}
    >>> next(understand([Record("x.csv, row 1", cells)])).example.labels
    ('sad',)
    """
    positions: Counter[str] = Counter()
    seen: dict[str, str] = {}
    for record in records:
        where = record.where
        kind = layout(record.values)
        if kind is None:
            raise DataError(
                f"{where}: the columns {', '.join(map(str, record.values)) or '(none)'} "
                f"are not known; give {', '.join(OURS)} or the authors' {', '.join(AUTHORS)}"
            )
        try:
            row = (_from_authors if kind == "authors" else _from_ours)(record, positions)
            check(row.example, where)
        except Misfit as error:
            if left_out is None or misfits == REFUSE:
                raise
            if misfits != LEAVE_OUT and kind == "ours":
                told = f"{error}, or leave such rows out with --leave-out-misfits"
                raise Misfit(told, error.reason) from None
            left_out.append(LeftOut(where, error.reason, str(error).removeprefix(f"{where}: ")))
            continue
        first = seen.setdefault(row.example.id, where)
        if first is not where:
            raise DataError(
                f"{where}: the id '{row.example.id}' is already used in {first}; "
                "give every row its own id"
            )
        yield row


def mended_labels(value: Any, where: str) -> tuple[tuple[str, ...], int]:
    """The labels, and the halves of characters in them: a list as text can spell one out."""
    found, halves = mended(list(cells.labels(value, where)))
    return tuple(found), halves


def _from_authors(record: Record, positions: Counter[str]) -> Row:
    values, where = record.values, record.where
    source_id = values["original_ids"]
    if not isinstance(source_id, str) or not source_id.strip():
        told = f"{where}: original_ids is empty; give the id of the post"
        raise Misfit(told, "the post has no id")
    post = pseudonym(source_id.strip())
    # Before anything can be wrong with the row, so that mending it moves no id.
    place = positions[post]
    positions[post] += 1
    text = cells.segment(values["segment"], "segment", where)
    labels, halves = mended_labels(values["labels"], where)
    example = Example(
        id=example_id(post, place),
        post_id=post,
        text=text,
        labels=labels,
        segment=place,
        topic_id=cells.name(values.get("topic_id")),
        topic_name=cells.name(values.get("topic_name")),
    )
    return Row(example, None, where, record.replaced + halves)


def _from_ours(record: Record, positions: Counter[str]) -> Row:
    values, where = record.values, record.where
    given = values["id"]
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise DataError(f"{where}: the id is {cells.shown(given)}; give a text or a whole number")
    name = str(given)
    post = values.get("post_id")
    post = name if post in (None, "") else str(post)
    here = positions[post]
    positions[post] += 1
    text = cells.segment(values["text"], "text", where)
    labels, halves = mended_labels(values["labels"], where)
    place = cells.whole(values.get("segment"), "segment", where)
    split = values.get("split")
    if split not in (None, "", *SPLITS):
        raise DataError(
            f"{where}: the split is {cells.shown(split)}; write train, test or few_shot, "
            "or leave the column out"
        )
    example = Example(
        id=name,
        post_id=post,
        text=text,
        labels=labels,
        segment=here if place is None else place,
        negated=cells.flags(values.get("negated"), "negated", where),
        leaked=cells.flags(values.get("leaked"), "leaked", where),
        leaked_form=cells.flags(values.get("leaked_form"), "leaked_form", where),
        subreddit=cells.text(values.get("subreddit"), "subreddit", where),
        created_utc=cells.whole(values.get("created_utc"), "created_utc", where),
        over_18=cells.truth(values.get("over_18"), "over_18", where),
        topic_id=cells.name(values.get("topic_id")),
        topic_name=cells.name(values.get("topic_name")),
        further=tuple((str(key), values[key]) for key in values if str(key) and key not in _KNOWN),
    )
    return Row(example, split or None, where, record.replaced + halves)


_KNOWN = {*COLUMNS, "split"}


def further_kinds(examples: Iterable[Example]) -> dict[str, str]:
    """The kind of each further column: bool, int64, float64 or string."""
    types: dict[str, set[type]] = {}
    for example in examples:
        for name, value in example.further:
            found = types.setdefault(name, set())
            if value is not None:
                fits = not isinstance(value, int) or -(2**63) <= value < 2**63
                found.add(type(value) if fits else str)
    return {name: _kind(found) for name, found in types.items()}


def _kind(found: set[type]) -> str:
    if found == {bool}:
        return "bool"
    if found == {int}:
        return "int64"
    return "float64" if found and found <= {int, float} else "string"


def of_kinds(example: Example, kinds: dict[str, str]) -> tuple[tuple[str, Any], ...]:
    """The further cells of an example, each of its column's kind; None where it has none."""
    given = dict(example.further)
    return tuple((name, _as(given.get(name), kind)) for name, kind in kinds.items())


def _as(value: Any, kind: str) -> Any:
    if value is None or kind in ("bool", "int64"):
        return value
    if kind == "float64":
        return float(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
