"""Does a stated probability hold? For runs that give every term a probability (`rank`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from ..lexicon import Lexicon
from ..plutchik import DIMENSIONS


@dataclasses.dataclass(frozen=True, eq=False)
class Ranking:
    """What a run that ranks a closed vocabulary said."""

    vocabulary: tuple[str, ...]  # the v terms
    # for each example the log-probabilities of all terms, shape (masks, v); None where it was not
    # answered. They need not be normalised
    logprobs: Sequence[NDArray[np.float32] | None]

    @property
    def answered(self) -> list[int]:
        """The rows of the examples that have an answer."""
        return [row for row, table in enumerate(self.logprobs) if table is not None]

    def probabilities(self) -> NDArray[np.float64]:
        """Of each term at each answered mask: the softmax over the vocabulary, shape (m, v).

        >>> Ranking(("a", "b"), [np.log([[0.3, 0.1]])]).probabilities().round(2).tolist()
        [[0.75, 0.25]]
        """
        tables = [table for table in self.logprobs if table is not None]
        stated = np.concatenate([np.zeros((0, len(self.vocabulary))), *tables])
        # Without the largest, exp could underflow to nothing in a whole row.
        stated = np.exp(stated - stated.max(axis=1, initial=-np.inf, keepdims=True))
        return np.asarray(stated / stated.sum(axis=1, keepdims=True), np.float64)


def calibration(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> dict[str, Any]:
    """Compare probabilities with what came true, both of shape (n,); bins have equal width.

    Returns:
        ``error``, the expected calibration error (Naeini et al. 2015); ``brier``, the mean squared
        error (Brier 1950); ``bins``: of each that is not empty ``low``, ``high``, ``n``,
        ``probability`` and ``share`` that came true. The first two are None without data.
    """
    stated, true = np.asarray(probabilities, np.float64), np.asarray(outcomes, np.float64)
    if stated.shape != true.shape or stated.ndim != 1:
        raise MetricError(
            f"there are {stated.size} probabilities and {true.size} outcomes; give one for each"
        )
    # A sum of probabilities can miss 1 by rounding.
    outside = stated[~((stated >= -1e-6) & (stated <= 1 + 1e-6))]
    if len(outside):
        raise MetricError(f"a probability is {outside[0]}; expected 0 to 1")
    if not len(stated):
        return {"error": None, "brier": None, "bins": []}
    place = np.clip((stated * bins).astype(np.int64), 0, bins - 1)
    n = np.bincount(place, minlength=bins)
    mean = np.bincount(place, weights=stated, minlength=bins) / np.maximum(n, 1)
    share = np.bincount(place, weights=true, minlength=bins) / np.maximum(n, 1)
    return {
        "error": float(np.sum(n * np.abs(mean - share)) / len(stated)),
        "brier": float(np.mean((stated - true) ** 2)),
        "bins": [
            {
                "low": i / bins,
                "high": (i + 1) / bins,
                "n": int(n[i]),
                "probability": float(mean[i]),
                "share": float(share[i]),
            }
            for i in np.flatnonzero(n).tolist()
        ],
    }


def rank_calibration(
    probabilities: ArrayLike, vocabulary: Sequence[str], labels: Sequence[str], lexicon: Lexicon
) -> dict[str, Any]:
    """Calibration of a ranking: ``probabilities`` of shape (labels, terms), rows adding up to 1.

    Returns:
        ``term``: the probability of the first-ranked term against its being the label;
        ``dimensions``: name of the dimension to `calibration` of the summed probability of the
        terms that have it against the label's having it.
    """
    table = np.asarray(probabilities, np.float64)
    shape = (len(labels), len(vocabulary))
    if table.shape != shape:
        raise MetricError(
            f"probabilities have the shape {table.shape}; expected {shape}, masks by terms"
        )
    first = table.argmax(axis=1) if table.size else np.zeros(0, np.int64)
    hit = [vocabulary[i] == label for i, label in zip(first.tolist(), labels, strict=True)]
    has = np.array([lexicon.vector(term) for term in vocabulary]).reshape(-1, len(DIMENSIONS))
    true = np.array([lexicon.vector(label) for label in labels]).reshape(-1, len(DIMENSIONS))
    stated = table @ has
    return {
        "term": calibration(table.max(axis=1, initial=0.0), hit),
        "dimensions": {
            name: calibration(stated[:, i], true[:, i]) for i, name in enumerate(DIMENSIONS)
        },
    }
