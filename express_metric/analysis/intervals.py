"""Intervals from bootstrap draws over posts.

BCa (bias-corrected and accelerated; Efron, "Better bootstrap confidence intervals", JASA 82, 1987)
where it is sound, else the percentile interval. Where all posts say the same, no draw can differ;
an interval of no width would be false, for another post may differ. So many posts without any that
differs bound the share of those that do (Clopper and Pearson 1934), and these could lie as far off
as the figure can.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from .resampling import Floats, scipy_part

Method = Literal["bca", "percentile", "basic", "exact", "normal", "none"]
# With fewer, the skewness that BCa corrects by is itself mostly noise, and no finding is decided.
MIN_POSTS = 10
# By simulation (tests/benchmarks/bench_coverage.py), 95% intervals cover 93% to 97% from here on.
STEADY_POSTS = 50
STEADY_RARE = 20
SAME = 1e-12  # draws that differ by less differ by rounding
_MIN_FINITE = 0.5


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure and its interval; None where it cannot be computed."""

    value: float | None  # the figure
    low: float | None  # low and high: the ends of the interval
    high: float | None
    method: Method  # `bca`, `percentile`, `basic`, `exact`, `normal` or `none`
    # whether so few posts, or so few masks on the rarer side, say it that it may cover less often
    # than it claims
    approximate: bool = False

    def excludes(self, value: float) -> bool:
        """Tell whether a value lies outside the interval."""
        return self.above(value) or self.below(value)

    def above(self, value: float) -> bool:
        """Tell whether the whole interval lies above a value."""
        return self.low is not None and self.low > value

    def below(self, value: float) -> bool:
        """Tell whether the whole interval lies below a value."""
        return self.high is not None and self.high < value

    def to_dict(self) -> dict[str, float | str | bool | None]:
        """Return the fields, ready for JSON."""
        return dataclasses.asdict(self)


def smallest(found: Interval, level: float) -> float | None:
    """The least change that a two-sided test at 5% over so many posts finds four times in five.

    By the width of the interval of that level, as if draws were normal; None without one.

    >>> round(smallest(Interval(0.0, -0.02, 0.02, "bca"), 0.95), 4)
    0.0286
    """
    if found.low is None or found.high is None or found.high <= found.low:
        return None
    normal = scipy_part("special").ndtri
    error = (found.high - found.low) / (2 * normal((1 + level) / 2))
    return float((normal(0.975) + normal(0.8)) * error)


def interval(
    value: float,
    draws: Floats,
    left_out: Floats,
    level: float,
    *,
    ends: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Make an interval from draws; there is none with fewer than two posts.

    ``draws`` has the shape (draws,), NaN where a draw had nothing to divide by; ``left_out``, the
    figure without each post, (posts,); ``ends`` are the least and largest possible values.

    >>> draws = np.random.default_rng(0).normal(0.5, 0.1, 4000)
    >>> found = interval(0.5, draws, 0.5 + np.linspace(-1, 1, 40) / 100, 0.95)
    >>> found.method, round(found.low, 1), round(found.high, 1)
    ('bca', 0.3, 0.7)
    """
    finite = draws[np.isfinite(draws)]
    posts = len(left_out)
    if not np.isfinite(value):
        return Interval(None, None, None, "none")
    if posts < 2 or len(finite) < _MIN_FINITE * len(draws):
        return Interval(value, None, None, "none")
    if np.ptp(finite) < SAME:
        differing = 1 - ((1 - level) / 2) ** (1 / posts)
        low, high = (value + differing * (end - value) for end in ends)
        return Interval(value, low, high, "exact", posts < STEADY_POSTS)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    shifted = _bca_tails(value, finite, left_out, tails)
    method: Method = "percentile" if shifted is None else "bca"
    cuts = np.quantile(finite, tails if shifted is None else shifted)
    rough = posts < STEADY_POSTS or (ends == (0.0, 1.0) and _rarer(value, finite) < STEADY_RARE)
    return Interval(value, float(cuts[0]), float(cuts[1]), method, rough)


def _rarer(value: float, draws: Floats) -> float:
    """How many independent masks would stand on a share's rarer side, for draws this wide."""
    return float(value * (1 - value) / draws.var() * min(value, 1 - value))


def _bca_tails(value: float, draws: Floats, left_out: Floats, tails: Floats) -> Floats | None:
    """Where BCa cuts the draws; None where it is not sound."""
    special = scipy_part("special")
    if len(left_out) < MIN_POSTS or not np.isfinite(left_out).all():
        return None
    # Ties with the figure itself count half.
    below = (np.mean(draws < value) + np.mean(draws <= value)) / 2
    if not 0 < below < 1:
        return None
    bias = special.ndtri(below)
    apart = left_out.mean() - left_out
    spread = np.sum(apart**2)
    if spread == 0:
        return None
    acceleration = np.sum(apart**3) / (6 * spread**1.5)
    reach = bias + special.ndtri(tails)
    stretch = 1 - acceleration * reach
    if np.any(stretch <= 0):
        return None
    cuts: Floats = special.ndtr(bias + reach / stretch)
    return cuts
