"""How many posts and coders a preference needs to be found."""

from __future__ import annotations

from typing import Any

from express_metric.analysis.resampling import scipy_part

PREFERENCE = 0.55
"""Of the answers that take a side: 55% for one, 45% for the other."""
LEVEL, POWER = 0.05, 0.8
# From the authors' files: the alpha of the two sides alone, and the answers that take one.
CORRELATION, DECIDED = 0.28, 0.9
CODERS = (1, 3, 5, 10)


def power_note(posts: int, per_item: int) -> dict[str, Any]:
    """What a study of this size can find.

    Answers on one post are alike: `CORRELATION` makes c coders worth c / (1 + (c - 1) * rho)
    (Kish's design effect), and only `DECIDED` of the answers take a side.

    >>> note = power_note(213, 3)
    >>> note["posts_needed"][3], round(note["power"], 2)
    (453, 0.49)
    """
    normal = scipy_part("stats").norm
    tail, hit = normal.ppf(1 - LEVEL / 2), normal.ppf(POWER)
    spread, shift = (PREFERENCE * (1 - PREFERENCE)) ** 0.5, PREFERENCE - 0.5
    answers = ((tail * 0.5 + hit * spread) / shift) ** 2
    here = posts * _worth(per_item)
    power = normal.cdf((shift * here**0.5 - tail * 0.5) / spread)
    return {
        "preference": PREFERENCE,
        "power": float(power),
        "posts_needed": {
            count: round(float(answers / _worth(count))) for count in sorted({*CODERS, per_item})
        },
        "text": (
            f"A preference of 55% against 45% is found by {power:.0%} of studies with {posts} "
            f"posts and {per_item} coders each; for {POWER:.0%} it needs "
            f"{round(answers / _worth(per_item)):,} posts with so many coders (5% level; coders "
            f"agree as the paper's did, and {DECIDED:.0%} of answers take a side)."
        ),
    }


def _worth(coders: int) -> float:
    """How many independent answers that take a side a post gives."""
    return DECIDED * coders / (1 + (coders - 1) * CORRELATION)
