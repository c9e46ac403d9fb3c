"""Figures of groups of masks: by term, by emotion, by length, and so on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..plutchik import EMOTIONS
from .confusion import signs
from .masks import Bools, Masks
from .resampling import Floats, Ints, scipy_part

FREQUENCY_BINS = (0, 1, 5, 20, 100, 500)
LENGTH_BINS = (0, 50, 100, 150, 200, 250, 300, 400)


@dataclasses.dataclass(frozen=True)
class Group:
    """The figures of some masks."""

    group: str  # what the masks have in common
    masks: int  # masks and posts: how many
    posts: int
    valid_rate: float  # share of the masks that have an answer
    lexical_accuracy: float  # lexical_accuracy and vector_accuracy: shares of the masks
    low: float  # low and high: interval of the exact-word accuracy
    high: float
    vector_accuracy: float
    vector_f1: float | None  # mean over the masks, or under `paper` over those that have an answer


@dataclasses.dataclass(frozen=True)
class Rate:
    """How often something holds of some masks."""

    group: str  # what the masks have in common
    masks: int  # masks and posts: how many
    posts: int
    share: float  # of the masks, those of which it holds
    low: float  # low and high: its interval
    high: float


def by_group(masks: Masks, groups: Ints, names: Sequence[str], level: float = 0.95) -> list[Group]:
    """Figures of each group, in the order of the names; empty groups are left out.

    ``groups`` is the number of each mask's group, -1 for none; shape (m,).
    """
    inside = groups >= 0
    code, size = groups[inside], len(names)
    whole = np.bincount(code, minlength=size)

    def total(values: NDArray[np.bool_] | Floats) -> Floats:
        return np.bincount(code, values[inside], size).astype(np.float64)

    n = np.maximum(whole, 1)
    answered, counted = total(masks.valid), total(masks.counted)
    same, f1 = total(masks.vector) / n, total(masks.f1)
    rated = rates(masks, masks.lexical, groups, names, level)
    return [
        Group(
            rate.group,
            rate.masks,
            rate.posts,
            float(answered[i] / n[i]),
            rate.share,
            rate.low,
            rate.high,
            float(same[i]),
            float(f1[i] / counted[i]) if counted[i] else None,
        )
        for i, rate in zip(np.flatnonzero(whole).tolist(), rated, strict=True)
    ]


def rates(
    masks: Masks, holds: Bools, groups: Ints, names: Sequence[str], level: float = 0.95
) -> list[Rate]:
    """How often something holds in each group, in the order of the names; no empty groups.

    The interval is Wilson's (1927), with the number of masks divided by the design effect of posts
    (Kish 1965): it stays sensible in small groups and at 0, where a bootstrap does not.

    ``holds`` and ``groups`` have the shape (m,); the group -1 is none.
    """
    inside = groups >= 0
    whole = np.bincount(groups[inside], minlength=len(names))
    n = np.maximum(whole, 1)
    share = np.bincount(groups[inside], holds[inside], len(names)) / n
    posts, effect = _design_effect(masks, holds, groups, share)
    low, high = _wilson(share, n / effect, level)
    return [
        Rate(names[i], int(whole[i]), int(posts[i]), float(share[i]), float(low[i]), float(high[i]))
        for i in np.flatnonzero(whole).tolist()
    ]


def difference(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The difference of the shares of two groups, each (share, low, high), with its interval.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), from the
    intervals of the two. It takes the groups as independent.

    >>> found = difference((0.8, 0.69183, 0.87695), (0.6, 0.49045, 0.70039))  # his example a
    >>> [round(value, 4) for value in found]
    [0.2, 0.0524, 0.3339]
    """
    (share, low, high), (other_share, other_low, other_high) = one, other
    gap = share - other_share
    down = ((share - low) ** 2 + (other_high - other_share) ** 2) ** 0.5
    up = ((high - share) ** 2 + (other_share - other_low) ** 2) ** 0.5
    return gap, gap - down, gap + up


def valence_rates(masks: Masks, level: float = 0.95) -> list[Rate]:
    """How often an answer turns good into bad, bad into good, and either; no empty groups.

    Of the masks where both words are positive or negative (`confusion.valence`).
    """
    sign = signs(masks)
    before = sign[masks.label]
    after = np.where(masks.valid, sign[masks.answer], 0)
    both = (before != 0) & (after != 0)
    flipped = before != after
    side = np.where(both, np.where(before > 0, 0, 1), -1)
    found = rates(masks, flipped, side, ["positive", "negative"], level)
    return found + rates(masks, flipped, np.where(both, 0, -1), ["both"], level)


def emotion_groups(masks: Masks, level: float = 0.95) -> list[Group]:
    """Figures by family of Plutchik's wheel, as the lexicon gives the labels' emotions.

    A label with two emotions counts in both; one with none, or not in the lexicon, as ``none``.
    """
    found: list[Group] = []
    bits = masks.bits[masks.label]
    for place, name in enumerate(EMOTIONS):
        found += by_group(masks, np.where(bits >> place & 1, 0, -1), [name], level)
    none = bits & ((1 << len(EMOTIONS)) - 1) == 0
    return found + by_group(masks, np.where(none, 0, -1), ["none"], level)


def bins(values: Sequence[int] | Ints, edges: Sequence[int]) -> tuple[Ints, list[str]]:
    """Sort numbers into bins that begin at each edge; the last is open.

    >>> codes, names = bins([0, 3, 7], (0, 1, 5))
    >>> codes.tolist(), names
    ([0, 1, 2], ['0', '1-4', '5+'])
    """
    ends = [*edges[1:], None]
    names = [
        f"{start}+" if end is None else (str(start) if end == start + 1 else f"{start}-{end - 1}")
        for start, end in zip(edges, ends, strict=True)
    ]
    places = np.searchsorted(np.asarray(edges), np.asarray(values, np.int64), side="right") - 1
    return places.astype(np.int64), names


def coded(values: Sequence[object]) -> tuple[Ints, list[str]]:
    """Number distinct values, the most frequent first; None becomes -1, a bool ``yes`` or ``no``.

    >>> codes, names = coded(["b", "a", "b", None])
    >>> codes.tolist(), names
    ([0, 1, 0, -1], ['b', 'a'])
    """
    texts = [_text(value) for value in values]
    numbers: dict[str, int] = {}
    for text in texts:
        if text is not None:
            numbers[text] = numbers.get(text, 0) + 1
    names = sorted(numbers, key=lambda name: (-numbers[name], name))
    place = {name: i for i, name in enumerate(names)}
    return np.array([-1 if text is None else place[text] for text in texts], np.int64), names


def _text(value: object) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _design_effect(masks: Masks, holds: Bools, groups: Ints, share: Floats) -> tuple[Ints, Floats]:
    """Posts of each group, and by how much clustering in posts inflates the variance; at least 1.

    The variance is that of a quotient of sums over posts, by linearisation (Cochran 1977, 6.3).
    """
    inside: Bools = groups >= 0
    size = len(share)
    keys, place = np.unique(
        groups[inside] * masks.n_posts + masks.post[inside], return_inverse=True
    )
    group = keys // max(masks.n_posts, 1)
    here = np.bincount(place).astype(float) if len(place) else np.zeros(0)
    hits = np.bincount(place, weights=holds[inside]) if len(place) else np.zeros(0)
    apart = (hits - share[group] * here) ** 2
    posts = np.bincount(group, minlength=size)
    whole = np.bincount(group, weights=here, minlength=size)
    summed = np.bincount(group, weights=apart, minlength=size) * posts / np.maximum(posts - 1, 1)
    alone = share * (1 - share) * whole
    effect = np.divide(summed, alone, out=np.ones(size), where=alone > 0)
    # With one post nothing can be told of the variance between posts: count it as one mask.
    return posts, np.where(posts == 1, np.maximum(whole, 1), np.maximum(effect, 1))


def _wilson(share: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z = scipy_part("special").ndtri((1 + level) / 2)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - reach, 0), np.minimum(middle + reach, 1)
