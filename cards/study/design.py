"""Who judges what, in which order, and which side stands first: all drawn from one seed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from express_dataset.errors import DataError


@dataclass(frozen=True, slots=True)
class Plan:
    """A study's design.

    Attributes:
        person_is_a: for each item whether the person's words are its option A.
        orders: for each coder the items in order, each with whether option B stands first.
    """

    person_is_a: dict[str, bool]
    orders: dict[str, list[tuple[str, bool]]]


def plan(items: Sequence[str], coders: int, per_item: int | None, random: Random) -> Plan:
    """Draw a design: every coder's order and sides, each half of the time the person first.

    Args:
        items: their names.
        coders: how many.
        per_item: how many coders judge each item; all if None. With fewer, coders have as many
            items as each other, and pairs of coders share as many, as nearly as can be.
        random: draws.

    Raises:
        DataError: numbers that do not go together.
    """
    if coders < 1:
        raise DataError(f"--coders is {coders}; a study needs at least one, better three")
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
