"""The labels of each post's nearest neighbour: the strongest of the trivial answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from express_metric.errors import MetricError


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
