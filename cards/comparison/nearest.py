"""The labels of each post's nearest neighbour: the strongest of the trivial answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from express_dataset import Example
from express_metric.analysis.floors import NEAREST
from express_metric.errors import MetricError
from express_metric.lexicon import normal
from express_runners.config import TFIDF
from express_runners.prompts.similarity import similarities


@dataclass(frozen=True)
class Nearest:
    """What the most similar texts of the train split say."""

    # for each example the labels of its nearest neighbour; None where it has none
    labels: list[list[str]] | None = None
    missing: str = ""  # why there are none, as a sentence


def nearest_in(
    pool: Sequence[Example] | None, texts: Sequence[str] | None, posts: Sequence[str] | None
) -> Nearest:
    """Find the most similar example of the train split for each text, by TF-IDF.

    `pool`, `texts` and `posts`, the post of each text, are None where they cannot be had.

    >>> pool = [Example("a", "p", "The dog ran, I was <mask>.", ("sad",), 0)]
    >>> nearest_in(pool, ["My dog is old."], ["q"]).labels
    [['sad']]
    >>> nearest_in(pool, ["The dog ran, I was <mask>."], ["p"]).missing[-53:]
    'the run answered posts of the train split themselves.'
    """
    if pool is None or texts is None:
        return without("the data of the run is not at hand")
    if not pool:
        return without("the train split is empty")
    if {example.post_id for example in pool} & set(posts or ()):
        return without("the run answered posts of the train split themselves")
    table = similarities([example.text for example in pool], texts, TFIDF)
    return Nearest(nearest_labels(table, [list(map(normal, example.labels)) for example in pool]))


def without(why: str) -> Nearest:
    """No neighbours, and why."""
    row = f"{NEAREST} (the word of the most similar text)"
    return Nearest(None, f"Left out: {row}, because {why}.")


def nearest_labels(
    similarities: Iterable[NDArray[np.float64]], pool: Sequence[Sequence[str]]
) -> list[list[str]]:
    """The labels of each post's most similar example of a pool; of equals the first's.

    `similarities` are blocks of a table, a row for each post and a column for each example of the
    pool.

    >>> nearest_labels([np.array([[0.1, 0.9], [0.5, 0.5]])], [["sad"], ["glad", "calm"]])
    [['glad', 'calm'], ['sad']]
    """
    found: list[list[str]] = []
    for block in similarities:
        if block.shape[1] != len(pool) or not len(pool):
            raise MetricError(
                f"similarities have {block.shape[1]} columns for a pool of {len(pool)} examples"
            )
        found += [list(pool[place]) for place in block.argmax(axis=1).tolist()]
    return found
