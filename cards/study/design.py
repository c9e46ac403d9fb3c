"""Who judges what, in which order, which side stands first, and what such a study can find."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from express_dataset.errors import DataError
from express_metric.analysis.resampling import scipy_part

PREFERENCE = 0.55
"""Of the answers that take a side: 55% for one, 45% for the other."""
LEVEL, POWER = 0.05, 0.8
# From the authors' files: the alpha of the two sides alone, and the answers that take one.
CORRELATION, DECIDED = 0.28, 0.9
CODERS = (1, 3, 5, 10)
MOST_CODERS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """A study's design."""

    person_is_a: dict[str, bool]  # for each item whether the person's words are its option A
    # for each coder the items in order, each with whether option B stands first
    orders: dict[str, list[tuple[str, bool]]]


def plan(items: Sequence[str], coders: int, per_item: int | None, random: Random) -> Plan:
    """Draw a design: every coder's order and sides, each half of the time the person first.

    Each item is judged by `per_item` coders, by all if None. With fewer, coders have as many items
    as each other, and pairs of coders share as many, as nearly as can be.
    """
    if not 1 <= coders <= MOST_CODERS:
        raise DataError(
            f"--coders is {coders}; a study needs at least one, better three, {MOST_CODERS} at most"
        )
    if per_item is not None and not 1 <= per_item <= coders:
        raise DataError(f"--per-item is {per_item}; it must lie between 1 and --coders ({coders})")
    names = [f"coder{number}" for number in range(1, coders + 1)]
    given: dict[str, list[str]] = {name: [] for name in names}
    for item, judges in zip(
        items, _judges(len(items), names, per_item or coders, random), strict=True
    ):
        for judge in judges:
            given[judge].append(item)
    person_is_a = dict(zip(items, _halves(len(items), random), strict=True))
    orders = {}
    for name, own in given.items():
        random.shuffle(own)
        person_first = _halves(len(own), random)
        orders[name] = [
            (item, first != person_is_a[item])
            for item, first in zip(own, person_first, strict=True)
        ]
    return Plan(person_is_a, orders)


def _halves(count: int, random: Random) -> list[bool]:
    """True for one half, in random order; of an odd number the last is drawn."""
    drawn = [place % 2 == 0 for place in range(count - count % 2)]
    drawn += [random.random() < 0.5] * (count % 2)
    random.shuffle(drawn)
    return drawn


def _judges(count: int, names: Sequence[str], each: int, random: Random) -> list[list[str]]:
    """For each item its coders: always those with the least to do who have met the least."""
    load = Counter(dict.fromkeys(names, 0))
    met: Counter[frozenset[str]] = Counter()
    found = []
    for _ in range(count):
        chosen: list[str] = []
        while len(chosen) < each:
            rest = [name for name in names if name not in chosen]
            random.shuffle(rest)
            rest.sort(key=lambda n: (load[n], sum(met[frozenset((n, c))] for c in chosen)))
            chosen.append(rest[0])
        load.update(chosen)
        met.update(map(frozenset, itertools.combinations(chosen, 2)))
        found.append(chosen)
    return found


def power_note(posts: int, per_item: int) -> dict[str, Any]:
    """What a study of this size can find.

    Answers on one post are alike: `CORRELATION` makes c coders worth c / (1 + (c - 1) * rho)
    (Kish's design effect), and only `DECIDED` of the answers take a side.

    >>> note = power_note(213, 3)
    >>> note["posts_needed"][3], round(note["power"], 2)
    (452, 0.48)
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
