"""The words for emotions: which are masked, and where.

The list is ``terms.txt`` beside this file: one word a line, in alphabetic order. Some words carry
a mark. "I feel strong" tells of a feeling but "I am strong" of a trait, so *strong* is marked
``felt``: it counts after *feel* only. The published posts are more sparing than a reader would
be: ``2025:felt`` and ``2025:never`` hold for the protocol `express-2025` alone.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from ..errors import DataError

EXPRESS_2025 = "express-2025"
"""The procedure that made the published EXPRESS, kept as it was."""

DEFAULT_PROTOCOL = "express"
"""The procedure of this project: the same three patterns, with fewer feelings overlooked."""

PROTOCOLS = (DEFAULT_PROTOCOL, EXPRESS_2025)


def check_protocol(protocol: str) -> str:
    """Return the name if it is a masking protocol."""
    if protocol not in PROTOCOLS:
        names = " or ".join(repr(name) for name in PROTOCOLS)
        raise DataError(f"there is no masking protocol {protocol!r}: use {names}")
    return protocol


@lru_cache(maxsize=1)
def _marked() -> dict[str, frozenset[str]]:
    """Each word of ``terms.txt`` with its marks."""
    text = files(__package__).joinpath("terms.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {word: frozenset(marks) for word, *marks in rows}


@lru_cache(maxsize=4)
def terms(protocol: str = DEFAULT_PROTOCOL) -> frozenset[str]:
    """The words that a protocol may mask, in lower case.

    >>> "devastated" in terms(), "devastated" in terms("express-2025")
    (True, False)
    """
    faithful = check_protocol(protocol) == EXPRESS_2025
    return frozenset(
        word for word, marks in _marked().items() if not (faithful and "2025:never" in marks)
    )


@lru_cache(maxsize=4)
def felt_terms(protocol: str = DEFAULT_PROTOCOL) -> frozenset[str]:
    """The words among `terms` that are masked only after *feel*, never after "I am".

    >>> "strong" in felt_terms(), "sad" in felt_terms()
    (True, False)
    """
    faithful = check_protocol(protocol) == EXPRESS_2025
    marked = _marked()
    return frozenset(
        word
        for word in terms(protocol)
        if "felt" in marked[word] or (faithful and "2025:felt" in marked[word])
    )
