"""The labels of each post's nearest neighbour: the strongest of the trivial answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from express_dataset import Example
from express_dataset.errors import DataError
from express_dataset.sources import load_all
from express_metric.errors import MetricError
from express_metric.floors import NEAREST
from express_metric.lexicon import normal
from express_runners.encoders import TFIDF, similarities

from .runs import Run


@dataclass(frozen=True)
class Nearest:
    """What the most similar texts of the train split say.

    Attributes:
        labels: for each example the labels of its nearest neighbour; None where it has none.
        missing: why there are none, as a sentence.

    >>> Nearest(None, "No data.").labels is None
    True
    >>> Nearest([["sad"]]).missing
    ''
    """

    labels: list[list[str]] | None = None
    missing: str = ""


def nearest_in(
    pool: Sequence[Example] | None, texts: Sequence[str] | None, posts: Sequence[str] | None
) -> Nearest:
    """Find the most similar example of the train split for each text, by TF-IDF.

    Args:
        pool: the train split; None where it cannot be had.
        texts: the texts of the examples; None where they cannot be had.
        posts: the post of each.

    >>> pool = [Example("a", "p", "The dog ran, I was <mask>.", ("sad",), 0, (False,), (False,))]
    >>> nearest_in(pool, ["My dog is old."], ["q"]).labels
    [['sad']]
    >>> nearest_in(pool, ["The dog ran, I was <mask>."], ["p"]).missing[-53:]
    'the run answered posts of the train split themselves.'
    """
    if pool is None or texts is None:
        return _none("the data of the run is not at hand")
    if not pool:
        return _none("the train split is empty")
    if {example.post_id for example in pool} & set(posts or ()):
        return _none("the run answered posts of the train split themselves")
    try:
        table = similarities([example.text for example in pool], texts, TFIDF)
        labels = [list(map(normal, example.labels)) for example in pool]
        return Nearest(nearest_labels(table, labels))
    except DataError as error:  # scikit-learn is not installed
        return _none(str(error).rstrip("."))


def nearest_of(runs: Sequence[Run]) -> Nearest:
    """Load the data of the first run that names it, and find the neighbours of its examples.

    Args:
        runs: runs on the same examples in the same order, see `express_cards.runs.aligned`.

    >>> nearest_of([]).missing
    "Left out: nearest neighbour's label (the word of the most similar text), because the data of \
the run is not at hand."
    >>> nearest_of([]).labels is None
    True
    """
    run = next((run for run in runs if run.source and run.split and run.ids), None)
    if run is None:
        return nearest_in(None, None, None)
    try:
        splits = load_all(str(run.source))
    except DataError as error:
        return _none(str(error).rstrip("."))
    loaded = splits.get(str(run.split))
    by_id = {example.id: example for example in loaded.examples} if loaded else {}
    examples = [by_id[key] for key in run.ids or () if key in by_id]
    if [tuple(map(normal, example.labels)) for example in examples] != list(run.references):
        return _none(f"{run.source} no longer holds the examples that the run answered")
    posts = [example.post_id for example in examples]
    return nearest_in(splits["train"].examples, [example.text for example in examples], posts)


def _none(why: str) -> Nearest:
    row = f"{NEAREST} (the word of the most similar text)"
    return Nearest(None, f"Left out: {row}, because {why}.")


def nearest_labels(
    similarities: Iterable[NDArray[np.float64]], pool: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Take the labels of the most similar example of a pool, for `express_metric.floors`.

    Args:
        similarities: blocks of a table, a row for each post and a column for each example of the
            pool, such as `express_runners.encoders.similarities` yields.
        pool: the labels of the pool's examples. It must hold no example of the posts themselves.

    Returns:
        For each post the labels; of equally similar examples the first's.

    Raises:
        MetricError: where a block does not have a column for each example.

    >>> nearest_labels([np.array([[0.1, 0.9], [0.5, 0.5]])], [["sad"], ["glad", "calm"]])
    [['glad', 'calm'], ['sad']]
    >>> nearest_labels([np.array([[0.1]])], [])
    Traceback (most recent call last):
    ...
    express_metric.errors.MetricError: similarities have 1 columns for a pool of 0 examples
    """
    found: list[list[str]] = []
    for block in similarities:
        if block.shape[1] != len(pool) or not len(pool):
            raise MetricError(
                f"similarities have {block.shape[1]} columns for a pool of {len(pool)} examples"
            )
        found += [list(pool[place]) for place in block.argmax(axis=1).tolist()]
    return found
