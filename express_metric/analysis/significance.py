"""Intervals of the figures, and paired comparisons of runs on the same examples.

The unit is the post. Intervals: `intervals`. Two runs: the difference with its interval, a paired
permutation test and McNemar's test for exact words, both over posts. Several comparisons at once:
`correct`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from ..parsing import Protocol, check_protocol
from ..scoring import FIGURES, Counts
from ..signature import Signature
from .intervals import Interval, interval
from .resampling import (
    Floats,
    Resampling,
    bootstrap,
    figure_values,
    post_codes,
    post_sums,
    scipy_part,
    swapped,
)

Correction = Literal["holm", "bh"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)
# The parts of a signature that must agree; prompt and decoding are what runs may differ in.
SHARED_PARTS = ("data", "split", "n", "protocol", "lexicon", "version")
_TIE = 1e-12
_ENDS = (-1.0, 1.0)  # of a difference of two shares
_DEFAULT = Resampling()


@dataclasses.dataclass(frozen=True)
class McNemar:
    """McNemar's exact test by posts: those in which one of two runs got more masks right."""

    only_first: int  # masks that only the first got right
    only_second: int
    more_first: int  # posts in which the first got more right
    more_second: int
    p_value: float  # two-sided


@dataclasses.dataclass(frozen=True)
class Difference:
    """One figure of two runs on the same examples."""

    first: float | None  # first and second: the figure of each run
    second: float | None
    difference: Interval  # second less first, with its interval
    p_value: float | None  # of the permutation test, two-sided; None where a figure is None
    exact: bool  # whether all permutations were tried
    narrow: Interval | None = None  # of level 1 - 2 * (1 - level), for two one-sided tests

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Analysis:
    """What `analyse` returns."""

    intervals: dict[str, dict[str, Interval]]  # run to figure to interval
    # (first run, second run) to figure to difference
    differences: dict[tuple[str, str], dict[str, Difference]]


def intervals(
    counts: Counts,
    protocol: Protocol,
    posts: Sequence[str] | None = None,
    how: Resampling = _DEFAULT,
) -> dict[str, Interval]:
    """Intervals for the five figures, by name, by bootstrap over posts.

    The counts are those of `express_metric.scoring.count`, by the same protocol. Each example is
    its own post where ``posts`` is None.
    """
    return analyse({"run": counts}, protocol, posts, (), how).intervals["run"]


def compare(
    first: Counts,
    second: Counts,
    protocol: Protocol,
    posts: Sequence[str] | None = None,
    how: Resampling = _DEFAULT,
) -> dict[str, Difference]:
    """For each figure the difference of two runs (second less first) on the same examples."""
    runs = {"first": first, "second": second}
    return analyse(runs, protocol, posts, [("first", "second")], how).differences["first", "second"]


def analyse(
    runs: Mapping[str, Counts],
    protocol: Protocol,
    posts: Sequence[str] | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    how: Resampling = _DEFAULT,
) -> Analysis:
    """Intervals of several runs and differences of some pairs, all from the same draws of posts.

    All runs are counts of the same examples in the same order.
    """
    check_protocol(protocol)
    _check_same(runs, pairs)
    if not runs:
        return Analysis({}, {})
    drawn = _drawn([(counts, protocol) for counts in runs.values()], posts, how)
    values = dict(zip(runs, drawn, strict=True))
    return Analysis(
        {name: value.intervals(how.level) for name, value in values.items()},
        {
            (a, b): _differences(values[a], values[b], (protocol, how))
            for a, b in dict.fromkeys(pairs)
        },
    )


def intervals_by_protocol(
    counts: Mapping[Protocol, Mapping[str, Counts]],
    posts: Sequence[str] | None = None,
    how: Resampling = _DEFAULT,
) -> dict[str, dict[str, dict[str, Interval]]]:
    """What `analyse` finds by each protocol (protocol, run, figure), in one go: same draws."""
    for protocol, runs in counts.items():
        check_protocol(protocol)
        _check_same(runs, ())
    given = [(of_run, protocol) for protocol, runs in counts.items() for of_run in runs.values()]
    drawn = iter(_drawn(given, posts, how) if given else ())
    return {
        protocol: {name: next(drawn).intervals(how.level) for name in runs}
        for protocol, runs in counts.items()
    }


def mcnemar(first: ArrayLike, second: ArrayLike, post: ArrayLike | None = None) -> McNemar:
    """McNemar's exact test on the exact-word hits of two runs, by posts.

    The masks of a post belong together: taken one by one, as the test was made for, they give
    false alarms in one of six comparisons where one in twenty is claimed.

    All have the shape (masks,); each mask is its own post where ``post`` is None.

    >>> mcnemar([1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 1, 1])
    McNemar(only_first=1, only_second=2, more_first=1, more_second=1, p_value=1.0)
    """
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    if a.shape != b.shape:
        raise MetricError(f"{a.size} and {b.size} masks; compare runs on the same examples")
    posts = np.arange(a.size) if post is None else np.asarray(post)
    gain = np.bincount(posts, a.astype(float) - b)
    more_first, more_second = int(np.sum(gain > 0)), int(np.sum(gain < 0))
    apart = more_first + more_second
    p_value = float(scipy_part("stats").binomtest(more_first, apart).pvalue) if apart else 1.0
    return McNemar(int(np.sum(a & ~b)), int(np.sum(b & ~a)), more_first, more_second, p_value)


def correct(p_values: Sequence[float], method: Correction = "holm") -> list[float]:
    """Correct p-values for their number.

    ``holm`` bounds the chance of any false finding (Holm 1979), ``bh`` the expected share of false
    ones among the findings (Benjamini and Hochberg 1995).

    >>> correct([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    if method not in CORRECTIONS:
        raise MetricError(f"correction is {method!r}; it must be one of {', '.join(CORRECTIONS)}")
    values = np.asarray(p_values, np.float64)
    if not len(values):
        return []
    if not np.all((values >= 0) & (values <= 1)):
        raise MetricError(f"p-values lie between 0 and 1, not all of {list(p_values)[:5]} do")
    order, ranks = np.argsort(values, kind="stable"), np.arange(1, len(values) + 1)
    if method == "bh":
        steps = np.minimum.accumulate((values[order] * len(values) / ranks)[::-1])[::-1]
    else:
        steps = np.maximum.accumulate(values[order] * ranks[::-1])
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(steps, 1.0)
    return [float(value) for value in corrected]


def check_comparable(
    first: Signature, second: Signature, names: tuple[str, str], *, same_examples: bool = False
) -> None:
    """Refuse two runs whose figures must not stand side by side.

    ``same_examples``: ids or labels prove that the examples are the same, so the data's names
    may differ.
    """
    free = ("data", "split") if same_examples else ()
    differing = {
        part: values
        for part, values in first.differences(second).items()
        if part in SHARED_PARTS and part not in free
    }
    if differing:
        told = ", ".join(
            f"{part} is {a!r} in {names[0]} and {b!r} in {names[1]}"
            for part, (a, b) in differing.items()
        )
        raise MetricError(
            f"{names[0]} and {names[1]} cannot be compared: {told}; score both on the same "
            "examples with the same lexicon, protocol and version"
        )


class _Values:
    """One run's figures: on the data, on each draw, and without each post."""

    def __init__(self, sums: Floats, drawn: Floats, protocol: Protocol) -> None:
        total = sums.sum(axis=0)
        self.sums = sums
        self.total = figure_values(total, protocol)
        self.draws = figure_values(drawn, protocol)
        self.left_out = figure_values(total - sums, protocol)

    def intervals(self, level: float) -> dict[str, Interval]:
        return {
            name: interval(float(self.total[i]), self.draws[:, i], self.left_out[:, i], level)
            for i, name in enumerate(FIGURES)
        }


def _drawn(
    counts: Sequence[tuple[Counts, Protocol]], posts: Sequence[str] | None, how: Resampling
) -> list[_Values]:
    codes = post_codes(posts, len(counts[0][0]["masks"]))
    sums = [post_sums(one, codes) for one, _ in counts]
    drawn = np.split(bootstrap(np.hstack(sums), how), len(sums), axis=1)
    return [_Values(s, d, by) for s, d, (_, by) in zip(sums, drawn, counts, strict=True)]


def _differences(
    a: _Values, b: _Values, setting: tuple[Protocol, Resampling]
) -> dict[str, Difference]:
    protocol, how = setting
    total = b.total - a.total
    draws, left_out = b.draws - a.draws, b.left_out - a.left_out
    moved, complete = swapped(b.sums - a.sums, how)
    shuffled = figure_values(b.sums.sum(axis=0) - moved, protocol) - figure_values(
        a.sums.sum(axis=0) + moved, protocol
    )
    found = {}
    for i, name in enumerate(FIGURES):
        known = bool(np.isfinite(total[i]))
        found[name] = Difference(
            _number(a.total[i]),
            _number(b.total[i]),
            interval(float(total[i]), draws[:, i], left_out[:, i], how.level, ends=_ENDS),
            two_sided(float(total[i]), shuffled[:, i], complete) if known else None,
            complete,
            interval(float(total[i]), draws[:, i], left_out[:, i], 2 * how.level - 1, ends=_ENDS),
        )
    return found


def two_sided(value: float, shuffled: NDArray[np.float64], complete: bool) -> float:
    """The share of permutations that are at least as far from 0 as the value.

    Unless the permutations are complete, the data itself is counted as one of them, so that no
    p-value is 0 (Phipson and Smyth 2010).

    >>> two_sided(1.0, np.array([1.0, -1.0, 0.0, 0.0]), True)
    0.5
    """
    # A permutation with nothing to divide by is taken as the most extreme one.
    far = np.sum(~(np.abs(shuffled) < abs(value) * (1 - _TIE) - _TIE))
    return float((far + (not complete)) / (len(shuffled) + (not complete)))


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None


def _check_same(runs: Mapping[str, Counts], pairs: Sequence[tuple[str, str]]) -> None:
    names = list(runs)
    for name in names[1:]:
        a, b = runs[names[0]]["masks"], runs[name]["masks"]
        if a.shape != b.shape or not np.array_equal(a, b):
            raise MetricError(
                f"{names[0]} and {name} have other examples ({len(a)} and {len(b)}, or other "
                "numbers of masks); compare runs on the same examples in the same order"
            )
    unknown = {name for pair in pairs for name in pair} - set(names)
    if unknown:
        raise MetricError(
            f"no run is called {', '.join(sorted(unknown))}; the runs are {', '.join(names)}"
        )
