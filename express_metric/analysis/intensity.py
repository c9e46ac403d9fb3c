"""Does a model soften what people say: *angry* where the person was *furious*?

The answer depends on the scale: by two of them the same answers can lean to either side. So a
shift carries the name of its scale, and only what both say holds. The published scale comes first
where it is installed. Ours counts in the five families where its order agrees with the published
one (Spearman .70 to .89); for trust, anticipation and surprise it does not (-.12 to -.41).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..lexicon import normal
from .affect_intensity import NAME, published
from .confusion import count_pairs
from .intensity_scale import INTENSITY
from .intervals import MIN_POSTS, Interval, interval
from .masks import Masks
from .resampling import Floats, Ints, Resampling, bootstrap, quotient, sum_by_post

_ENDS = (-1.0, 1.0)  # of a net share
_KINDS = ("softened", "equal", "heightened")


class Scale(NamedTuple):
    """Words and how strong they are."""

    name: str
    words: Mapping[str, tuple[str, float]]  # term -> (family, strength above 0)


OWN_FAMILIES = ("anger", "disgust", "fear", "joy", "sadness")
OWN = Scale(
    "our own scale", {word: place for word, place in INTENSITY.items() if place[0] in OWN_FAMILIES}
)


def scales() -> tuple[Scale, ...]:
    """The scales at hand, the one to be shown first: the published one, where it is installed."""
    words = published()
    return (Scale(NAME, words), OWN) if words else (OWN,)


@dataclasses.dataclass(frozen=True)
class Shift:
    """How the intensity of a model's words differs from that of people's."""

    scale: str  # the name of the scale
    errors: int  # answered masks with another word than the person's
    same_family: int  # those where both words stand in one family of the scale, by level
    other_family: int  # those where they stand in two families
    unknown: int  # those where the scale lacks a word
    softened: int  # softened, equal and heightened: of `same_family`, by level
    equal: int
    heightened: int
    # (softened - heightened) / same_family with its interval over posts; None without any
    net: Interval
    # the most frequent (label, answer, number) with another level in one family
    pairs: tuple[tuple[str, str, int], ...]

    @property
    def shares(self) -> dict[str, float | None]:
        """The shares of softened, equal and heightened among the errors of one family."""
        whole = self.same_family
        return {kind: getattr(self, kind) / whole if whole else None for kind in _KINDS}

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the shares, ready for JSON."""
        found = dataclasses.asdict(self)
        return {**found, "pairs": [list(pair) for pair in self.pairs], "shares": self.shares}


def level(term: str) -> tuple[str, int] | None:
    """Return a term's family and level, 1 (mild) to 5 (extreme); None where our scale lacks it.

    >>> level("Furious"), level("angry")
    (('anger', 5), ('anger', 3))
    """
    return INTENSITY.get(normal(term))


def shift(masks: Masks, how: Resampling, scale: Scale = OWN, most: int = 20) -> Shift:
    """Compare the intensity of label and answer where they differ but share a family."""
    family, height = places(masks, scale.words)
    wrong = masks.valid & ~masks.lexical
    label, answer = masks.label[wrong], masks.answer[wrong]
    known = (height[label] > 0) & (height[answer] > 0)
    same = known & (family[label] == family[answer])
    up = np.where(same, height[answer] - height[label], 0)
    kinds = {"softened": up < 0, "equal": same & (up == 0), "heightened": up > 0}
    columns = np.zeros((len(masks), 2), np.int64)
    columns[wrong] = np.column_stack([-np.sign(up).astype(np.int64), same])
    return Shift(
        scale=scale.name,
        errors=int(wrong.sum()),
        same_family=int(same.sum()),
        other_family=int((known & ~same).sum()),
        unknown=int((~known).sum()),
        **{kind: int(flags.sum()) for kind, flags in kinds.items()},
        net=share_interval(sum_by_post(columns, masks.post), how),
        pairs=count_pairs(label[up != 0], answer[up != 0], masks.vocabulary.__getitem__, most),
    )


def share_interval(sums: Floats, how: Resampling) -> Interval:
    """The quotient of two columns summed by post, shape (posts, 2), with its interval.

    The second column bounds the first, so that the quotient lies between -1 and 1.
    There is no interval where fewer than `MIN_POSTS` posts have anything to count.
    """
    # A post without any such mask changes nothing, so it need not be drawn. Its chance of being
    # drawn, which makes the number of the others vary, hardly matters to a quotient.
    sums = sums[np.any(sums != 0, axis=1)]
    if not len(sums):
        return Interval(None, None, None, "none")
    total = sums.sum(axis=0)
    value = float(total[0] / total[1])
    if len(sums) < MIN_POSTS:
        return Interval(value, None, None, "none")
    drawn, rest = bootstrap(sums, how), total - sums
    draws, left_out = quotient(drawn[:, 0], drawn[:, 1]), quotient(rest[:, 0], rest[:, 1])
    return interval(value, draws, left_out, how.level, ends=_ENDS)


def places(masks: Masks, words: Mapping[str, tuple[str, float]] = INTENSITY) -> tuple[Ints, Floats]:
    """Family number and strength of each term of the vocabulary; strength 0 for an unknown one."""
    families = {family: n for n, family in enumerate(dict.fromkeys(f for f, _ in words.values()))}
    found = [words.get(term) for term in masks.vocabulary]
    family = np.array([families[place[0]] if place else -1 for place in found], np.int64)
    return family, np.array([place[1] if place else 0 for place in found], np.float64)
