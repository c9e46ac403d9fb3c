"""The paper's statistics for a pair of runs: Wilcoxon's signed-rank test and Cohen's d."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import MetricError
from .intervals import Interval
from .masks import Masks
from .resampling import Floats, scipy_part

Unit = Literal["posts", "masks"]
Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, slots=True)
class Paired:
    """What the paper prints of a pair, and what it leaves out."""

    # what was paired: posts (the mean over a post's masks), which are independent, or masks, as the
    # paper has it; masks of a post belong together, so their p is too small
    unit: Unit
    pairs: int  # pairs and ties: how many pairs, and how many of them do not differ
    ties: int
    # of Wilcoxon's signed-rank test; pairs that do not differ are left out. 1 where none differs
    p_value: float
    alternative: Alternative  # `greater` asks whether the second is better
    # Cohen's d, the second less the first in pooled standard deviations, with its interval (normal,
    # by the variance of d for pairs); None where neither varies
    d: Interval | None


def paired(
    first: Floats,
    second: Floats,
    unit: Unit = "posts",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> Paired:
    """Test and effect of paired scores of shape (n,), such as those of `scores_by`.

    `unit` says what a pair is; by `alternative` "greater" the second is better.

    >>> found = paired(np.array([0.0, 0, 0, 1]), np.array([1.0, 1, 0, 1]))
    >>> found.ties, round(found.p_value, 3), round(found.d.value, 3)
    (2, 0.157, 1.0)
    """
    if len(first) != len(second) or not len(first):
        raise MetricError(
            f"{len(first)} and {len(second)} scores; compare runs on the same examples"
        )
    differences = second - first
    ties = int(np.sum(differences == 0))
    p_value = 1.0
    if ties < len(differences):
        stats = scipy_part("stats")
        # The normal approximation, as SciPy takes it for the paper's thousands of pairs with ties.
        found = stats.wilcoxon(
            differences, alternative=alternative, zero_method="wilcox", method="approx"
        )
        p_value = float(found.pvalue)
    d = _cohens_d(first, second, level)
    return Paired(unit, len(differences), ties, p_value, alternative, d)


def _cohens_d(first: Floats, second: Floats, level: float) -> Interval | None:
    """The mean difference in pooled standard deviations."""
    size = len(first)
    if size < 2:
        return None
    pooled = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
    if pooled == 0:
        return None
    d = float(second.mean() - first.mean()) / pooled
    steady = first.std() == 0 or second.std() == 0
    r = 0.0 if steady else float(np.corrcoef(first, second)[0, 1])
    # Borenstein et al. (2009), Introduction to Meta-Analysis, equation 4.28.
    error = float(np.sqrt((1 / size + d * d / (2 * size)) * 2 * (1 - r)))
    reach = float(scipy_part("stats").norm.ppf((1 + level) / 2)) * error
    return Interval(d, d - reach, d + reach, "normal")


def scores_by(masks: Masks, figure: str, unit: Unit = "posts") -> Floats:
    """The score of each post, or of each mask, in order: shares of shape (posts,) or (masks,).

    A post's is the mean over its masks; an invalid answer has 0.
    """
    columns = {
        "lexical_accuracy": masks.lexical,
        "vector_accuracy": masks.vector,
        "vector_f1": masks.f1,
    }
    if figure not in columns:
        raise MetricError(f"{figure!r} has no score for each mask: choose of {', '.join(columns)}")
    values = columns[figure].astype(float)
    if unit == "masks":
        return values
    counts = np.bincount(masks.post)
    mean: Floats = np.bincount(masks.post, values) / counts
    return mean
