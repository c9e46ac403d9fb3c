"""Resampling whole posts: the masks of one post are not independent, so posts are the unit.

A figure is a quotient of sums over examples. So a draw needs no scoring: the counts are summed by
post once, and each draw is a product of weights (how often each post was drawn) and these sums.
All sums are whole numbers below 2**53, so the product is exact in float64: neither the order of
the examples nor the number of threads changes a digit.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MetricError
from ..parsing import Protocol
from ..plutchik import DIMENSIONS
from ..scoring import F1_UNIT, FIGURES, Counts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COLUMNS = ("valid", "lexical", "vector", "f1", "dimension", "examples", "masks", "valid_masks")
_UNITS = np.array([1, 1, 1, F1_UNIT, len(DIMENSIONS)], np.float64)
MOST_DRAWS = 1_000_000
_CELLS = 2**22  # weights held at once: 32 MiB


@dataclasses.dataclass(frozen=True)
class Resampling:
    """How much to resample."""

    draws: int = 10_000  # bootstrap draws, and random permutations
    seed: int = 0  # of both
    level: float = 0.95  # the nominal coverage of intervals

    def __post_init__(self) -> None:
        if not 100 <= self.draws <= MOST_DRAWS:
            raise MetricError(f"draws is {self.draws}; it must be from 100 to {MOST_DRAWS}")
        if self.seed < 0:
            raise MetricError(f"seed is {self.seed}; it must not be negative")
        if not 0 < self.level < 1:
            raise MetricError(f"level is {self.level}; it must lie between 0 and 1, such as 0.95")


def scipy_part(name: str) -> Any:
    """Import a part of SciPy, which only statistics need."""
    try:
        return importlib.import_module(f"scipy.{name}")
    except ModuleNotFoundError:
        raise MetricError(
            "intervals and tests need SciPy: pip install 'express-benchmark[stats]'"
        ) from None


def post_codes(posts: Sequence[str] | None, examples: int) -> Ints:
    """Number the posts, by the order of their names; each example is its own post if None."""
    if posts is None:
        return np.arange(examples, dtype=np.int64)
    if len(posts) != examples:
        raise MetricError(
            f"there are {len(posts)} posts for {examples} examples; give one for each"
        )
    return np.unique(np.asarray(posts, dtype=np.str_), return_inverse=True)[1].astype(np.int64)


def post_sums(counts: Counts, codes: Ints) -> Floats:
    """Sum the columns that figures are made of by post; shape (posts, 8), in order of `COLUMNS`."""
    return sum_by_post(np.column_stack([counts[name] for name in COLUMNS]), codes)


def sum_by_post(columns: NDArray[Any], codes: Ints) -> Floats:
    """Sum the rows of ``columns`` of each post; shape (posts, columns).

    >>> sum_by_post(np.array([[1], [2], [4]]), np.array([1, 0, 1])).tolist()
    [[2.0], [5.0]]
    """
    posts = int(codes.max()) + 1 if len(codes) else 0
    summed = [np.bincount(codes, weights=column, minlength=posts) for column in columns.T]
    return np.column_stack(summed).astype(np.float64)


def figure_values(sums: Floats, protocol: Protocol) -> Floats:
    """Turn sums, shape (..., 8), into the five figures, shape (..., 5); NaN for 0 / 0."""
    # `paper` takes the mean over the masks of valid rows where `revised` takes all masks.
    mean = COLUMNS.index("masks" if protocol == "revised" else "valid_masks")
    examples, masks = COLUMNS.index("examples"), COLUMNS.index("masks")
    below = sums[..., [examples, masks, masks, mean, mean]] * _UNITS
    return quotient(sums[..., : len(FIGURES)], below)


def quotient(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by.

    >>> quotient(np.array([1.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    found: Floats = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=found, where=below != 0)
    return found


def bootstrap(sums: Any, how: Resampling) -> Floats:
    """Draw as many posts as there are, with replacement, and sum; shape (draws, columns).

    ``sums`` is an array or a SciPy sparse matrix of shape (posts, columns).
    """
    posts, columns = sums.shape
    rng = np.random.default_rng(how.seed)
    result = np.empty((how.draws, columns))
    step = max(1, _CELLS // max(posts, 1))
    weights = np.empty((step, posts))
    for start in range(0, how.draws, step):
        rows = min(step, how.draws - start)
        # Row by row, so that the counters stay in the processor's cache.
        for row in range(rows):
            weights[row] = np.bincount(rng.integers(posts, size=posts), minlength=posts)
        result[start : start + rows] = weights[:rows] @ sums
    return result


def swapped(change: Floats, how: Resampling) -> tuple[Floats, bool]:
    """Swap the two runs in a random half of the posts; the sums of what the swaps move.

    ``change`` is the second run's sums less the first's, shape (posts, columns).

    Returns:
        Shape (permutations, columns), and whether these are all permutations there are: so it is
        where there are no more of them than were asked for.
    """
    change = change[np.any(change != 0, axis=1)]
    posts = len(change)
    if posts <= 20 and 2**posts <= how.draws:
        numbers = np.arange(2**posts)[:, None]
        every: Floats = (numbers >> np.arange(posts) & 1).astype(np.float64) @ change
        return every, True
    rng = np.random.default_rng(how.seed)
    result = np.empty((how.draws, change.shape[1]))
    step = max(1, _CELLS // posts)
    for start in range(0, how.draws, step):
        rows = min(step, how.draws - start)
        octets = rng.integers(256, size=(rows, -(-posts // 8)), dtype=np.uint8)
        flips = np.unpackbits(octets, axis=1, count=posts)
        result[start : start + rows] = flips.astype(np.float64) @ change
    return result, False
