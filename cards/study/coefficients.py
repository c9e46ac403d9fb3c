"""Agreement beyond chance, as quotients of sums over posts, so that a bootstrap draw is a product.

Fleiss' kappa (1971), Krippendorff's alpha for nominal data (Content Analysis, 4th ed., ch. 12) and
Cohen's kappa (1960). The `krippendorff` package is GPL, so it checks these in the tests instead of
being imported here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from express_metric.analysis.intervals import Interval, interval
from express_metric.analysis.resampling import Floats, Resampling, bootstrap, quotient

Table = NDArray[np.int64]
Figure = Callable[[Floats], Floats]
NO_INTERVAL = Interval(None, None, None, "none")


class Sums:
    """Columns summed over posts: on the data, on each bootstrap draw, and without each post."""

    def __init__(self, columns: NDArray[np.generic], how: Resampling) -> None:
        """Draw once, for as many figures as are asked; columns have the shape (posts, k)."""
        values: Floats = np.asarray(columns, np.float64)
        self._level = how.level
        self.total: Floats = values.sum(axis=0)
        self._drawn: Floats = bootstrap(values, how)
        self._left_out: Floats = self.total - values

    def interval(self, figure: Figure, ends: tuple[float, float] = (0.0, 1.0)) -> Interval:
        """A figure of the sums, shape (..., k) to (...), with its interval."""
        value = float(figure(self.total))
        return interval(value, figure(self._drawn), figure(self._left_out), self._level, ends=ends)

    def share(self, column: int, of: int) -> Interval:
        """One column as a share of another."""
        return self.interval(lambda sums: quotient(sums[..., column], sums[..., of]))


def counted(labels: Table, categories: int) -> Table:
    """How many coders gave each category to each post, shape (posts, categories).

    `labels` has the shape (posts, coders), -1 where a coder gave none.

    >>> counted(np.array([[0, 0, 1], [1, -1, 1]]), 2).tolist()
    [[2, 1], [0, 2]]
    """
    return np.stack([(labels == place).sum(axis=1) for place in range(categories)], axis=1)


def fleiss(counts: Table, how: Resampling) -> Interval:
    """Fleiss' kappa over posts that the same number of coders judged.

    >>> fleiss(np.array([[3, 0], [0, 3], [3, 0], [0, 3]]), Resampling(draws=100)).value
    1.0
    """
    raters = counts.sum(axis=1)
    if not len(counts) or raters[0] < 2:
        return NO_INTERVAL
    agreed = (np.square(counts).sum(axis=1) - raters) / (raters * (raters - 1))

    def kappa(sums: Floats) -> Floats:
        given = sums[..., 1:-1]
        shares = quotient(given, given.sum(axis=-1, keepdims=True))
        chance = np.square(shares).sum(axis=-1)
        return quotient(quotient(sums[..., 0], sums[..., -1]) - chance, 1 - chance)

    columns = np.column_stack([agreed, counts, np.ones(len(counts))])
    return Sums(columns, how).interval(kappa, (-1.0, 1.0))


def alpha(counts: Table, how: Resampling) -> Interval:
    """Krippendorff's alpha for categories without order; posts may have any number of coders.

    >>> alpha(np.array([[2, 0], [1, 1], [0, 3]]), Resampling(draws=100)).value
    0.5
    """
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        return NO_INTERVAL
    raters = counts.sum(axis=1)
    apart = (np.square(raters) - np.square(counts).sum(axis=1)) / (raters - 1)

    def value(sums: Floats) -> Floats:
        given = sums[..., 1:]
        whole = given.sum(axis=-1)
        expected = np.square(whole) - np.square(given).sum(axis=-1)
        return 1 - quotient((whole - 1) * sums[..., 0], expected)

    return Sums(np.column_stack([apart, counts]), how).interval(value, (-1.0, 1.0))


def cohen(first: NDArray[np.int64], second: NDArray[np.int64], categories: int) -> float | None:
    """Cohen's kappa of two coders over the posts that both judged; None where it is 0 / 0.

    >>> round(cohen(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 1]), 2), 12)
    0.4
    """
    both = (first >= 0) & (second >= 0)
    if not both.any():
        return None
    table = np.zeros((categories, categories))
    np.add.at(table, (first[both], second[both]), 1 / both.sum())
    agreed, chance = np.trace(table), float(table.sum(axis=1) @ table.sum(axis=0))
    return None if chance > 1 - 1e-12 else float((agreed - chance) / (1 - chance))
