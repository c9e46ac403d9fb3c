"""Near copies of a text: reposts with a word changed, and a text within a longer one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
JACCARD, CONTAINMENT = 0.7, 0.8
"""So large a share of the runs of three words that either text has, or that the shorter has."""

_LEAST = 10  # runs of the shorter: in fewer, whole texts are "i feel so <mask>"
_RUN = 5  # words that near copies share somewhere, and other texts hardly ever
_SHARED = 0.3  # the share of the shorter's such runs from which on two texts are compared
_CHUNK = 64  # texts at once: what the processor's cache holds
_ODD = 0x9E3779B97F4A7C15  # has an inverse among the numbers of 64 bits
_SPACE, _END = b" \n"


def near_copies(texts: Sequence[str]) -> dict[int, list[int]]:
    """For each text the earlier ones that it is a near copy of; texts without any are left out.

    Texts are given as `splits.normalised` has them.

    >>> story = "when the bus came at last i was so <mask> that i could have cried in front of all"
    >>> near_copies([story, "i feel <mask>.", story.replace("bus", "train") + " of them"])
    {2: [0]}
    """
    runs = lru_cache(maxsize=2)(lambda row: _runs_of_three(texts[row]))
    found: dict[int, list[int]] = {}
    for later, earlier in _candidates(texts):
        if _near(runs(later), runs(earlier)):
            found.setdefault(later, []).append(earlier)
    return found


def _near(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> bool:
    both, less = len(a & b), min(len(a), len(b))
    return both >= JACCARD * (len(a) + len(b) - both) or (
        less >= _LEAST and both >= CONTAINMENT * less
    )


def _runs_of_three(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return set(zip(*(words[start:] for start in range(min(3, len(words)))), strict=False))


def _candidates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs (later, earlier) that share many runs of five words.

    Of the texts with one run only neighbours are paired: copies of copies form a chain.
    """
    # Above the number of the text, which needs so many bits, is that of the run.
    bits = np.uint64(max(len(texts), 1).bit_length())
    codes = np.concatenate([np.zeros(0, np.uint64), *_numbered(texts, bits)])
    codes.sort()
    rows = codes.view(np.int64) & ((1 << int(bits)) - 1)
    codes >>= bits
    same = (codes[1:] == codes[:-1]) & (rows[1:] != rows[:-1])
    pairs = rows[1:][same] * len(texts) + rows[:-1][same]
    sizes = np.bincount(rows, minlength=len(texts))
    del codes, rows, same
    found, times = np.unique(pairs, return_counts=True)
    later, earlier = np.divmod(found, max(len(texts), 1))
    many = times >= _SHARED * np.minimum(sizes[later], sizes[earlier])
    yield from zip(later[many].tolist(), earlier[many].tolist(), strict=True)


def _numbered(texts: Sequence[str], bits: np.uint64) -> Iterator[Codes]:
    """A number for each run of five words of each text, its lowest bits that of the text."""
    powers = np.ones(0, np.uint64)
    for start in range(0, len(texts), _CHUNK):
        lines = texts[start : start + _CHUNK]
        letters = np.frombuffer(
            ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass"), np.uint8
        )
        if len(letters) > len(powers):
            powers, inverse = (
                _powers(one, 2 * len(letters)) for one in (_ODD, pow(_ODD, -1, 1 << 64))
            )
        sums = np.zeros(len(letters) + 1, np.uint64)
        np.cumsum(letters * powers[: len(letters)], out=sums[1:])
        last = letters == _END
        ends = np.flatnonzero(last | (letters == _SPACE))
        starts = np.concatenate([[0], ends + 1])[: len(ends)]
        row = np.concatenate([[0], np.cumsum(last[ends])])[: len(ends)] + start
        first, final = slice(max(len(ends) - _RUN + 1, 0)), slice(_RUN - 1, None)
        runs = (sums[ends[final]] - sums[starts[first]]) * inverse[starts[first]]
        runs ^= runs >> np.uint64(32)
        runs *= np.uint64(_ODD)
        whole = row[first] == row[final]
        yield runs[whole] >> bits << bits | row[final][whole].astype(np.uint64)


def _powers(number: int, size: int) -> Codes:
    found = np.full(size, number, np.uint64)
    found[0] = 1
    return np.cumprod(found)
