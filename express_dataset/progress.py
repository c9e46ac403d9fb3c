"""A line on stderr about what takes longer than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

AFTER = 2.0
"""Seconds before the first line."""

_T = TypeVar("_T")


def told(items: Iterable[_T], what: str, unit: str = "rows") -> Iterator[_T]:
    """Hand the items on; say how many and how fast once that takes longer than `AFTER`.

    >>> list(told([1, 2], "reading posts.csv"))
    [1, 2]
    """
    started = time.monotonic()
    due, said = started + AFTER, False
    end = "\r" if sys.stderr.isatty() else "\n"
    for number, item in enumerate(items, 1):
        now = time.monotonic()
        if now >= due:
            rate = number / (now - started)
            line = f"{what}: {number:,} {unit}, {rate:,.0f} a second"
            print(line, end=end, file=sys.stderr, flush=True)
            # On a terminal the line is written over; in a log a line now and then is enough.
            due, said = now + (0.5 if end == "\r" else 10), True
        yield item
    if said and end == "\r":
        print(file=sys.stderr)
