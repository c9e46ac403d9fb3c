"""Figures of groups of masks: by term, by emotion, by length, and so on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .masks import Bools, Masks
from .plutchik import EMOTIONS
from .resampling import Floats, Ints, scipy_part

FREQUENCY_BINS = (0, 1, 5, 20, 100, 500)
LENGTH_BINS = (0, 50, 100, 150, 200, 250, 300, 400)


@dataclasses.dataclass(frozen=True)
class Group:
    """The figures of some masks.

    Attributes:
        group: what the masks have in common.
        masks, posts: how many.
        valid_rate: share of the masks that have an answer.
        lexical_accuracy, vector_accuracy: shares of the masks.
        low, high: interval of the exact-word accuracy.
        vector_f1: mean over the masks, or under ``paper`` over those that have an answer.

    >>> Group("sad", 2, 1, 1.0, 0.5, 0.1, 0.9, 1.0, 1.0).group
    'sad'
    >>> Group("none", 1, 1, 0.0, 0.0, 0.0, 0.8, 0.0, None).vector_f1
    """

    group: str
    masks: int
    posts: int
    valid_rate: float
    lexical_accuracy: float
    low: float
    high: float
    vector_accuracy: float
    vector_f1: float | None


def by_group(masks: Masks, groups: Ints, names: Sequence[str], level: float = 0.95) -> list[Group]:
    """Figures of each group, in the order of the names; empty groups are left out.

    The interval is Wilson's (1927), with the number of masks divided by the design effect of posts
    (Kish 1965): it stays sensible in small groups and at 0, where a bootstrap does not.

    Args:
        masks: one run.
        groups: for each mask the number of its group, -1 for none; shape (m,).
        names: the groups' names.
        level: the nominal coverage.

    >>> from express_metric import Reading, load_lexicon
    >>> from express_metric.masks import mask_table
    >>> nrc = load_lexicon("nrc")
    >>> masks = mask_table([["sad"], ["mad"]], [Reading(("sad",))] * 2, nrc, "paper")
    >>> [(g.group, g.lexical_accuracy) for g in by_group(masks, masks.label, masks.vocabulary)]
    [('sad', 1.0), ('mad', 0.0)]
    >>> by_group(masks, np.array([-1, -1]), ["x"])
    []
    """
    inside = groups >= 0
    code, size = groups[inside], len(names)
    whole = np.bincount(code, minlength=size)

    def total(values: NDArray[np.bool_] | Floats) -> Floats:
        return np.bincount(code, values[inside], size).astype(np.float64)

    n = np.maximum(whole, 1)
    hits, answered, counted = total(masks.lexical), total(masks.valid), total(masks.counted)
    exact, same, f1 = hits / n, total(masks.vector) / n, total(masks.f1)
    posts, effect = _design_effect(masks, groups, exact, size)
    low, high = _wilson(exact, n / effect, level)
    return [
        Group(
            names[i],
            int(whole[i]),
            int(posts[i]),
            float(answered[i] / n[i]),
            float(exact[i]),
            float(low[i]),
            float(high[i]),
            float(same[i]),
            float(f1[i] / counted[i]) if counted[i] else None,
        )
        for i in np.flatnonzero(whole).tolist()
    ]


def emotion_groups(masks: Masks, level: float = 0.95) -> list[Group]:
    """Figures by family of Plutchik's wheel, as the lexicon gives the labels' emotions.

    A label with two emotions counts in both; one with none, or not in the lexicon, as ``none``.

    >>> from express_metric import Reading, load_lexicon
    >>> from express_metric.masks import mask_table
    >>> masks = mask_table([["sad"]], [Reading(("sad",))], load_lexicon("nrc"), "paper")
    >>> [group.group for group in emotion_groups(masks)]
    ['sadness']
    >>> masks = mask_table([["zzz"]], [Reading(("sad",))], load_lexicon("nrc"), "paper")
    >>> [group.group for group in emotion_groups(masks)]
    ['none']
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
    >>> bins([], (0, 10))[1]
    ['0-9', '10+']
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
    >>> coded([True, False, True])[1]
    ['yes', 'no']
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


def _design_effect(masks: Masks, groups: Ints, share: Floats, size: int) -> tuple[Ints, Floats]:
    """Posts of each group, and by how much clustering in posts inflates the variance; at least 1.

    The variance is that of a quotient of sums over posts, by linearisation (Cochran 1977, 6.3).
    """
    inside: Bools = groups >= 0
    keys, place = np.unique(
        groups[inside] * masks.n_posts + masks.post[inside], return_inverse=True
    )
    group = keys // max(masks.n_posts, 1)
    here = np.bincount(place).astype(float) if len(place) else np.zeros(0)
    hits = np.bincount(place, weights=masks.lexical[inside]) if len(place) else np.zeros(0)
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
