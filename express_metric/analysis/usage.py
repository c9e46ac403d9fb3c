"""How models use words: overuse of single terms, and diversity of the whole.

Both sides are counted on the same masks, those with an answer, so a model gains nothing by
answering more or less often.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intensity import share_interval
from .intervals import Interval
from .masks import Masks
from .resampling import Floats, Resampling, bootstrap, scipy_part, sum_by_post, swapped
from .significance import Correction, correct, two_sided

ALPHA = 0.05
MIN_DIVERSE = 60  # posts; with fewer, neither estimate nor test of entropy is worth printing
STEADY_DIVERSE = 300  # posts from which on a 95% interval of it covers 93% or more


@dataclasses.dataclass(frozen=True)
class TermUse:
    """How often one term is said."""

    term: str  # the term
    people: int  # people and model: how often each says it, on the answered masks
    model: int
    ratio: float | None  # model / people; None where people never say it
    excess: float  # (model - people) / answered masks
    low: float  # low and high: the interval of the excess, by bootstrap over posts
    high: float
    p_value: float  # of the sign test over posts, corrected for the number of terms
    verdict: str  # `over`, `under` or `even`


@dataclasses.dataclass(frozen=True)
class Diversity:
    """How varied the words of both sides are."""

    tokens: int  # answered masks
    people_distinct: int  # people_distinct and model_distinct: numbers of distinct terms
    model_distinct: int
    people_entropy: float  # people_entropy and model_entropy: Shannon entropy in bits
    model_entropy: float
    # model less people, corrected for how few words were drawn, with its interval over posts; of
    # every second post, of the words that people say in the posts between
    entropy_change: Interval
    p_value: float | None  # of a swap test over posts, two-sided
    listed: int  # masks behind these two
    distance: float | None  # Jensen-Shannon distance between both distributions, 0 (equal) to 1

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return dataclasses.asdict(self)


def overuse(masks: Masks, how: Resampling, correction: Correction = "bh") -> list[TermUse]:
    """Count every term on both sides, those with the largest excess first.

    A term is overused where the sign test over posts (posts where the model says it more often
    against posts where the person does), corrected for the number of terms, is below 0.05 and the
    interval lies above 0.
    """
    label, answer = masks.pairs()
    if not len(label):
        return []
    size, whole = len(masks.vocabulary), len(label)
    people, model = (np.bincount(side, minlength=size) for side in (label, answer))
    change = _change_by_post(masks)
    # Draws run over all posts, those without an answered mask too: the share's denominator varies.
    tokens = sum_by_post(masks.valid[:, None].astype(np.int64), masks.post)
    sparse = scipy_part("sparse")
    drawn = bootstrap(sparse.hstack([change, sparse.csr_array(tokens)]).tocsr(), how)
    shares = drawn[:, :-1] / np.maximum(drawn[:, -1:], 1)
    low, high = np.quantile(shares, [(1 - how.level) / 2, (1 + how.level) / 2], axis=0)
    more, less = (np.asarray((change > 0).sum(axis=0)), np.asarray((change < 0).sum(axis=0)))
    tails = scipy_part("special").bdtr(np.minimum(more, less), more + less, 0.5)
    p_values = correct(np.minimum(2 * tails, 1).tolist(), correction)
    found = [
        TermUse(
            term,
            int(people[i]),
            int(model[i]),
            float(model[i] / people[i]) if people[i] else None,
            float((model[i] - people[i]) / whole),
            float(low[i]),
            float(high[i]),
            p_values[i],
            _verdict(float(low[i]), float(high[i]), p_values[i]),
        )
        for i, term in enumerate(masks.vocabulary)
        if people[i] or model[i]
    ]
    return sorted(found, key=lambda use: (-use.excess, use.term))


def excess(masks: Masks, terms: Collection[str], how: Resampling) -> Interval:
    """How much more of the model's words than of people's are among some terms, in 0..1."""
    named = np.array([term in terms for term in masks.vocabulary] + [False])
    change = named[masks.answer].astype(np.int64) - named[masks.label]
    columns = np.column_stack([change, np.ones(len(masks), np.int64)]) * masks.valid[:, None]
    return share_interval(sum_by_post(columns, masks.post), how)


def diversity(masks: Masks, how: Resampling) -> Diversity:
    """Distinct terms, entropy and distance of both sides.

    Entropy counted in a sample is too low, the more so the more words there are: the change is the
    jackknife's estimate over posts (Zahl 1977), and its interval is normal, from the same values.
    The bootstrap covers nothing here, since a draw that repeats posts lowers both entropies. The
    test swaps the two sides in whole posts. With fewer than `MIN_DIVERSE` posts there is neither.
    """
    label, answer = masks.pairs()
    size = len(masks.vocabulary)
    if not len(label):
        none = Interval(None, None, None, "none")
        return Diversity(0, 0, 0, 0.0, 0.0, none, None, 0, None)
    people, model = (np.bincount(side, minlength=size).astype(float) for side in (label, answer))
    listed = _listed(masks)
    change, p_value = _entropy_change(masks, listed, how)
    return Diversity(
        tokens=len(label),
        people_distinct=int(np.sum(people > 0)),
        model_distinct=int(np.sum(model > 0)),
        people_entropy=float(_entropy(people)),
        model_entropy=float(_entropy(model)),
        entropy_change=change,
        p_value=p_value,
        listed=int(listed.sum()),
        distance=_distance(people, model),
    )


def _listed(masks: Masks) -> NDArray[np.bool_]:
    """Masks of every second post, both words of which people say in the posts between.

    People have no words outside the labels, so that the model's must be of these too. But whoever
    makes a list of the labels that are compared with it loses none of them, and of the model's rare
    words many: a model that draws words just as people do would seem less varied. So the list comes
    from one half of the posts, and both sides are compared on the other.
    """
    even = masks.post % 2 == 0
    known = np.isin(np.arange(len(masks.vocabulary)), masks.label[even])
    listed: NDArray[np.bool_] = masks.valid & ~even & known[masks.label] & known[masks.answer]
    return listed


def _entropy_change(
    masks: Masks, listed: NDArray[np.bool_], how: Resampling
) -> tuple[Interval, float | None]:
    posts, post = np.unique(masks.post[listed], return_inverse=True)
    if not len(posts):
        return Interval(None, None, None, "none"), None
    shape = (len(posts), len(masks.vocabulary))
    sides = []
    for side in (masks.label, masks.answer):
        table = np.zeros(shape)
        np.add.at(table, (post, side[listed]), 1)
        sides.append(table)
    people, model = (table.sum(axis=0) for table in sides)
    value = float(_entropy(model) - _entropy(people))
    if len(posts) < MIN_DIVERSE:
        return Interval(value, None, None, "none"), None
    left_out = _entropy(model - sides[1]) - _entropy(people - sides[0])
    pseudo = len(posts) * value - (len(posts) - 1) * left_out
    estimate = float(pseudo.mean())
    error = float(pseudo.std(ddof=1) / np.sqrt(len(posts)))
    reach = float(scipy_part("special").stdtrit(len(posts) - 1, (1 + how.level) / 2)) * error
    moved, complete = swapped(sides[1] - sides[0], how)
    shuffled = _entropy(model - moved) - _entropy(people + moved)
    p_value = two_sided(value, shuffled, complete)
    rough = len(posts) < STEADY_DIVERSE
    return Interval(estimate, estimate - reach, estimate + reach, "normal", rough), p_value


def _table(masks: Masks, side: Any) -> Any:
    """Sparse counts of the terms of one side by post, answered masks only; (posts, terms)."""
    valid = masks.valid
    shape = (masks.n_posts, len(masks.vocabulary))
    ones = np.ones(int(valid.sum()))
    return scipy_part("sparse").coo_array((ones, (masks.post[valid], side[valid])), shape).tocsr()


def _change_by_post(masks: Masks) -> Any:
    return _table(masks, masks.answer) - _table(masks, masks.label)


def _verdict(low: float, high: float, p_value: float) -> str:
    if p_value >= ALPHA or low <= 0 <= high:
        return "even"
    return "over" if low > 0 else "under"


def _entropy(counts: Floats) -> Floats:
    """Shannon entropy in bits of counts along the last axis."""
    whole = np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    shares = counts / whole
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: Floats = -np.sum(shares * logs, axis=-1) + 0.0
    return entropy


def _distance(people: Floats, model: Floats) -> float:
    """Square root of the Jensen-Shannon divergence in bits (Endres and Schindelin 2003)."""
    p, q = people / people.sum(), model / model.sum()
    between = _entropy_of_shares((p + q) / 2) - (_entropy_of_shares(p) + _entropy_of_shares(q)) / 2
    return float(np.sqrt(max(between, 0.0)))


def _entropy_of_shares(shares: Floats) -> float:
    positive = shares[shares > 0]
    return float(-np.sum(positive * np.log2(positive)))
