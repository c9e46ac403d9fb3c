"""Near copies of a text: reposts with a word changed, and a text within a longer one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .splits import normalised

Codes = NDArray[np.uint32]
Rows = NDArray[np.int32]
JACCARD, CONTAINMENT = 0.7, 0.8
"""So large a share of the runs of three words that either text has, or that the shorter has."""

_LEAST = 10  # runs of the shorter: in fewer, whole texts are "i feel so <mask>"
_RUN = 5  # words that near copies share somewhere, and other texts hardly ever
_SHARED = 0.3  # the share of the shorter's such runs from which on two texts are compared
_PARTS = 8  # of the runs, one after another, so that memory stays small
_CHUNK = 4096  # texts at once


def near_copies(texts: Sequence[str]) -> dict[int, list[int]]:
    """For each text the earlier ones that it is a near copy of; texts without any are left out.

    >>> story = "when the bus came at last i was so <mask> that i could have cried in front of all"
    >>> near_copies([story, "I feel <mask>.", story.replace("bus", "train") + " of them"])
    {2: [0]}
    """
    found: dict[int, list[int]] = {}
    for later, earlier in _candidates(texts):
        if _near(texts[later], texts[earlier]):
            found.setdefault(later, []).append(earlier)
    return found


def _near(one: str, other: str) -> bool:
    a, b = (set(_runs(normalised(text).split(), 3)) for text in (one, other))
    both, less = len(a & b), min(len(a), len(b))
    return both >= JACCARD * len(a | b) or (less >= _LEAST and both >= CONTAINMENT * less)


def _runs(words: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(min(size, len(words)))), strict=False)


def _candidates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs (later, earlier) that share many runs of five words.

    Of the texts with one run only neighbours are paired: copies of copies form a chain.
    """
    keys, rows = _hashes(texts)
    sizes = np.bincount(rows, minlength=len(texts))
    pairs = [np.zeros(0, np.int64)]
    for part in range(_PARTS):
        here = keys % _PARTS == part
        key, row = keys[here], rows[here].astype(np.int64)
        order = np.argsort(key, kind="stable")
        key, row = key[order], row[order]
        same = (key[1:] == key[:-1]) & (row[1:] != row[:-1])
        pairs.append(row[1:][same] * len(texts) + row[:-1][same])
    found, times = np.unique(np.concatenate(pairs), return_counts=True)
    later, earlier = np.divmod(found, max(len(texts), 1))
    many = times >= _SHARED * np.minimum(sizes[later], sizes[earlier])
    yield from zip(later[many].tolist(), earlier[many].tolist(), strict=True)


def _hashes(texts: Sequence[str]) -> tuple[Codes, Rows]:
    """A number for each run of five words of each text, and the text that it is of."""
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    keys, rows = [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)]
    for start in range(0, len(texts), _CHUNK):
        words = [normalised(text).split() for text in texts[start : start + _CHUNK]]
        row = np.repeat(np.arange(start, start + len(words), dtype=np.int32), list(map(len, words)))
        codes = np.fromiter(map(numbers.__getitem__, chain.from_iterable(words)), np.uint64)
        size = max(len(codes) - _RUN + 1, 0)
        runs = np.zeros(size, np.uint64)
        for place in range(_RUN):
            # FNV's prime: two runs that differ have another number, save one pair in billions.
            runs = (runs ^ codes[place : place + size]) * np.uint64(0x100000001B3)
        whole = row[:size] == row[len(row) - size :]
        keys.append((runs ^ (runs >> np.uint64(29))).astype(np.uint32)[whole])
        rows.append(row[:size][whole])
    return np.concatenate(keys), np.concatenate(rows)
