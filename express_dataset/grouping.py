"""Groups of examples by what a column of theirs says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from express_metric.errors import one_line

from .errors import DataError
from .known import topic
from .schema import Example

TOPIC = "topic"
"""The grouping by topic, under the paper's short names."""

_PLAIN = ("subreddit", "over_18", "topic_id", "topic_name", "segment", "post_id")


def values_of(examples: Iterable[Example], column: str) -> list[str | None]:
    """What a column says of each example; None where it says nothing.

    >>> row = Example("a", "p", "<mask>!", ("sad",), 0, topic_name="pets")
    >>> values_of([row], "topic")
    ['pets']
    """
    found = []
    named: dict[str, None] = {}
    known = column in (TOPIC, *_PLAIN)
    for example in examples:
        cells = dict(example.further)
        named |= dict.fromkeys(cells)
        known |= column in cells
        if column == TOPIC:
            found.append(_name(topic(example.topic_name or example.topic_id)))
            continue
        value = cells.get(column) if column not in _PLAIN else getattr(example, column)
        found.append(_name(value))
    if not known:
        there = ", ".join((TOPIC, *_PLAIN, *named))
        raise DataError(f"--group-by {column}: the data has no such column; it has {there}")
    return found


def _name(value: object) -> str | None:
    return (one_line(value) or None) if value is not None else None


def groups_of(
    examples: Sequence[Example], columns: Iterable[str] = ()
) -> dict[str, list[str | None]]:
    """By topic and by each column what is said of the examples, where anything is."""
    named = dict.fromkeys((TOPIC, *columns))
    return {name: found for name in named if any(found := values_of(examples, name))}
