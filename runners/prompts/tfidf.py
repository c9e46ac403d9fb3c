"""Texts as rows of weighed words, so that the product of two rows is their likeness.

The weights are those of scikit-learn's `TfidfVectorizer(sublinear_tf=True, dtype=np.float32)`,
which takes 1.7 times as long and a second to import.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from express_dataset.errors import require

_words = re.compile(r"\w\w+").findall


def tfidf(pool: Sequence[str], asked: Sequence[str]) -> tuple[Any, Any]:
    """Weigh words by how rare they are in the pool, and bring each text to length one.

    Returns:
        Two sparse matrices of float32, a row per text and a column per word of the pool, sorted.
        A text without any of these words is a row of zeros.

    >>> pooled, asked = tfidf(["My cat sleeps.", "A dog!"], ["the dog barks"])
    >>> (pooled @ asked.T).toarray().tolist()
    [[0.0], [1.0]]
    """
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__  # a new word gets the next number
    pooled = _numbered(pool, known)
    words = list(known)
    place = np.empty(len(words), np.int32)
    place[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    counts = _counts(*pooled, place)
    texts = np.bincount(counts.indices, minlength=len(words)).astype(np.float32)
    rare = np.log(np.float32(1 + len(pool)) / (texts + np.float32(1))) + np.float32(1)
    return _weighed(counts, rare), _weighed(_counts(*_numbered(asked, known), place), rare)


def _numbered(texts: Sequence[str], known: defaultdict[str, int]) -> tuple[Any, Any]:
    """How many words each text has, and the number of each word of all texts in turn."""
    sizes = np.zeros(len(texts), np.int32)
    numbers = array("i")
    for row, text in enumerate(texts):
        words = _words(text.lower())
        sizes[row] = len(words)
        numbers.extend(map(known.__getitem__, words))
    return sizes, np.array(numbers, np.int32)


def _counts(sizes: Any, numbers: Any, place: Any) -> Any:
    sparse = require("scipy.sparse", "shots")
    rows = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    in_pool = numbers < len(place)
    rows, columns = rows[in_pool], place[numbers[in_pool]]
    ones = np.ones(len(rows), np.float32)
    found = sparse.csr_matrix((ones, (rows, columns)), shape=(len(sizes), len(place)))
    found.sum_duplicates()
    return found


def _weighed(counts: Any, rare: Any) -> Any:
    np.log(counts.data, counts.data)
    counts.data += 1
    counts.data *= rare[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, counts.data**2, counts.shape[0]))
    counts.data = (counts.data / lengths[rows]).astype(np.float32)
    return counts
