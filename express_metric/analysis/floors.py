"""The floor: what answers without any reading of the post would score."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import MetricError
from ..lexicon import Lexicon, normal
from ..parsing import Protocol, Reading
from ..plutchik import DIMENSIONS
from ..scoring import F1_UNIT, FIGURES, count, score

Figures = dict[str, float | None]
MOST_FREQUENT, UNIFORM, NEAREST = "most frequent term", "uniform", "nearest neighbour's label"


def floors(
    references: Sequence[Sequence[str]],
    lexicon: Lexicon,
    protocol: Protocol,
    train: Mapping[str, int] | None = None,
    nearest: Sequence[Sequence[str]] | None = None,
) -> dict[str, Figures]:
    """Score trivial answers.

    *most frequent term* says one word at every mask. *uniform* draws from all distinct terms; its
    figures are expected values, so no seed matters. *nearest neighbour's label* says what the most
    similar post of another split says, mask by mask; the last label again where it has fewer.

    Without ``train`` the references themselves are counted, which is a little too high.
    """
    if train is not None and not train:
        raise MetricError("the train split has no labels; give None to take the references' own")
    labels = Counter(normal(word) for row in references for word in row)
    known: Counter[str] = Counter()
    for word, number in (labels if train is None else train).items():
        known[normal(word)] += number
    if not labels:
        return {}
    top = min(known, key=lambda word: (-known[word], word))
    constant = [Reading((top,) * len(row)) for row in references]
    found = {
        MOST_FREQUENT: score(references, constant, lexicon, protocol).figures,
        UNIFORM: _uniform(labels, sorted(known), lexicon, protocol),
    }
    if nearest is not None:
        said = _said(references, nearest)
        found[NEAREST] = score(references, said, lexicon, protocol).figures
    return found


def vector_floors(
    references: Sequence[Sequence[str]], lexicon: Lexicon, seed: int = 0
) -> dict[str, Figures]:
    """The paper's floors: uniformly random vectors, expected and as a seed draws them, and zeros.

    They answer with vectors, not words, so no word can be right. Two zero vectors count as
    identical, as under protocol ``paper``.
    """
    labels = [normal(word) for row in references for word in row]
    if not labels:
        return {}
    size = len(DIMENSIONS)
    ones = np.array([int(lexicon.vector(label).sum()) for label in labels])
    expected = np.array([_expected_f1(number, size) for number in range(size + 1)])
    rest = {"valid_rate": 1.0, "lexical_accuracy": None}
    vectors = np.array([lexicon.vector(label) for label in labels], dtype=int)
    drawn = np.random.default_rng(seed).integers(0, 2, vectors.shape)
    sizes = drawn.sum(axis=1) + ones
    hits = 2 * (drawn * vectors).sum(axis=1)
    return {
        "random vectors": rest
        | {
            "vector_accuracy": 2.0**-size,
            "vector_f1": float(expected[ones].mean()),
            "dimension_accuracy": 0.5,
        },
        f"random vectors, seed {seed}": rest
        | {
            "vector_accuracy": float((drawn == vectors).all(axis=1).mean()),
            "vector_f1": float((hits / np.maximum(sizes, 1)).mean()),
            "dimension_accuracy": float((drawn == vectors).mean()),
        },
        "all zeros": rest
        | {
            "vector_accuracy": float((ones == 0).mean()),
            "vector_f1": 0.0,
            "dimension_accuracy": float(1 - ones.mean() / size),
        },
    }


def _expected_f1(ones: int, size: int) -> float:
    """F1 of a vector of so many ones with fair random bits: hits and false alarms are binomial."""
    if ones == 0:
        return 0.0
    total = sum(
        math.comb(ones, hits) * math.comb(size - ones, extra) * 2 * hits / (ones + hits + extra)
        for hits in range(ones + 1)
        for extra in range(size - ones + 1)
    )
    return total / 2.0**size


def _said(references: Sequence[Sequence[str]], nearest: Sequence[Sequence[str]]) -> list[Reading]:
    """The neighbours' labels as answers, one for each mask."""
    if len(nearest) != len(references) or not all(nearest):
        raise MetricError(
            f"there are labels of {sum(map(bool, nearest))} nearest neighbours for "
            f"{len(references)} examples; give at least one label for each"
        )
    return [
        Reading(tuple(near[min(i, len(near) - 1)] for i in range(len(row))))
        for near, row in zip(nearest, references, strict=True)
    ]


def _uniform(
    labels: Counter[str], vocabulary: Sequence[str], lexicon: Lexicon, protocol: Protocol
) -> Figures:
    """Expected figures: every distinct label against every term of the vocabulary."""
    size = len(vocabulary)
    every = Reading(tuple(vocabulary))
    counts = count([(kind,) * size for kind in labels], [every] * len(labels), lexicon, protocol)
    weights = np.array(list(labels.values()))
    whole = float(weights.sum() * size)
    units = {"lexical": 1, "vector": 1, "f1": F1_UNIT, "dimension": len(DIMENSIONS)}
    means = [float(weights @ counts[name]) / (whole * unit) for name, unit in units.items()]
    return dict(zip(FIGURES, [1.0, *means], strict=True))
