"""What is taken for what: between terms, between vectors, and across good and bad."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from ..plutchik import DIMENSIONS
from .masks import Masks
from .resampling import Ints

OTHER, NO_ANSWER = "other", "no answer"
_POSITIVE, _NEGATIVE = (1 << DIMENSIONS.index(name) for name in ("positive", "negative"))


@dataclasses.dataclass(frozen=True)
class Confusion:
    """A table of labels against answers."""

    labels: tuple[str, ...]  # the rows: the most frequent labels
    answers: tuple[str, ...]  # the columns: the same, then `other` and `no answer`
    table: tuple[tuple[int, ...], ...]  # number of masks, a list for each row
    pairs: tuple[tuple[str, str, int], ...]  # the most frequent (label, answer, number) that differ

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {
            "labels": list(self.labels),
            "answers": list(self.answers),
            "table": [list(row) for row in self.table],
            "pairs": [list(pair) for pair in self.pairs],
        }


def term_confusion(masks: Masks, most: int = 20) -> Confusion:
    """Confusion between the most frequent terms of people."""
    return _confusion(masks.label, masks.answer, masks.vocabulary.__getitem__, most)


def vector_confusion(masks: Masks, most: int = 20) -> Confusion:
    """Confusion between the most frequent vectors of people's terms, named by their dimensions."""
    answer = np.where(masks.valid, masks.bits[masks.answer], -1)
    return _confusion(masks.bits[masks.label], answer, vector_name, most)


def vector_name(bits: int) -> str:
    """Name a vector by its dimensions.

    >>> vector_name(0), vector_name(1)
    ('none', 'anger')
    """
    return "+".join(name for i, name in enumerate(DIMENSIONS) if bits >> i & 1) or "none"


def signs(masks: Masks) -> Ints:
    """For each term of the vocabulary 1 where positive, -1 where negative, else 0; shape (v,).

    A term is so where its vector holds exactly one of these two dimensions.
    """
    found: Ints = np.sign(masks.bits & _POSITIVE) - np.sign(masks.bits & _NEGATIVE)
    return found


def valence(masks: Masks) -> dict[str, Any]:
    """How often an answer turns good into bad or bad into good, by `signs`.

    Returns:
        ``masks`` (those where both words are positive or negative), ``flips``, ``share``,
        ``positive_to_negative``, ``negative_to_positive``, and ``pairs``: the most frequent
        [label, answer, number].
    """
    label, answer = masks.pairs()
    sign = signs(masks)
    before, after = sign[label], sign[answer]
    both = (before != 0) & (after != 0)
    down, up = both & (before > after), both & (before < after)
    flip = down | up
    pairs = count_pairs(label[flip], answer[flip], masks.vocabulary.__getitem__, 20)
    return {
        "masks": int(both.sum()),
        "flips": int(flip.sum()),
        "share": float(flip.sum() / both.sum()) if both.any() else None,
        "positive_to_negative": int(down.sum()),
        "negative_to_positive": int(up.sum()),
        "pairs": [list(pair) for pair in pairs],
    }


def _confusion(label: Ints, answer: Ints, name: Callable[[int], str], most: int) -> Confusion:
    kinds, numbers = np.unique(label, return_counts=True)
    often = dict(zip(kinds.tolist(), numbers.tolist(), strict=True))
    shown = sorted(often, key=lambda kind: (-often[kind], name(kind)))[:most]
    place = {kind: i for i, kind in enumerate(shown)}
    columns = {**place, -1: len(shown) + 1}
    table = np.zeros((len(shown), len(shown) + 2), np.int64)
    cells, times = np.unique(np.stack([label, answer]), axis=1, return_counts=True)
    for row, column, number in zip(*cells.tolist(), times.tolist(), strict=True):
        if row in place:
            table[place[row], columns.get(column, len(shown))] += number
    wrong = (answer >= 0) & (label != answer)
    names = tuple(map(name, shown))
    return Confusion(
        names,
        (*names, OTHER, NO_ANSWER),
        tuple(map(tuple, table.tolist())),
        count_pairs(label[wrong], answer[wrong], name, most),
    )


def count_pairs(
    label: Ints, answer: Ints, name: Callable[[int], str], most: int
) -> tuple[tuple[str, str, int], ...]:
    """Count pairs of a label and an answer, the most frequent first.

    >>> count_pairs(np.array([0, 0]), np.array([1, 1]), "ab".__getitem__, 5)
    (('a', 'b', 2),)
    """
    cells, times = np.unique(np.stack([label, answer]), axis=1, return_counts=True)
    named = [
        (name(a), name(b), number)
        for a, b, number in zip(*cells.tolist(), times.tolist(), strict=True)
    ]
    return tuple(sorted(named, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most])
