"""Rates of groups and their differences: against statsmodels, by hand, and as they must add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from express_metric import Reading, load_lexicon
from express_metric.analysis.breakdown import breakdown
from express_metric.analysis.confusion import valence
from express_metric.analysis.groups import by_group, difference, rates, valence_rates
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling

NRC = load_lexicon("nrc")
SHARES = st.floats(0, 1)


def single(*pairs: tuple[str, str | None], posts: Sequence[str] | None = None) -> Masks:
    readings = [Reading(None if answer is None else (answer,)) for _, answer in pairs]
    return mask_table([[label] for label, _ in pairs], readings, NRC, "revised", posts)


def wilson(hits: int, masks: int) -> tuple[float, float, float]:
    ends = stats.binomtest(hits, masks).proportion_ci(method="wilson")
    return hits / masks, ends.low, ends.high


@pytest.mark.parametrize(
    ("one", "other"),
    [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((0, 10), (0, 20)), ((5, 56), (0, 29))],
)
def test_a_difference_is_newcombes(one: tuple[int, int], other: tuple[int, int]) -> None:
    gap, low, high = difference(wilson(*one), wilson(*other))
    theirs = confint_proportions_2indep(*one, *other, method="newcomb", compare="diff")
    assert gap == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert (low, high) == pytest.approx(theirs)


@given(st.tuples(SHARES, SHARES, SHARES), st.tuples(SHARES, SHARES, SHARES))
def test_a_difference_turns_with_its_sides(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    def ordered(three: tuple[float, float, float]) -> tuple[float, float, float]:
        low, share, high = sorted(three)
        return share, low, high

    one, other = ordered(first), ordered(second)
    gap, low, high = difference(one, other)
    back, down, up = difference(other, one)
    assert low <= gap <= high
    assert (gap, low, high) == pytest.approx((-back, -up, -down))


def test_rates_of_hits_are_those_of_the_groups() -> None:
    masks = single(*[("sad", "sad")] * 7, *[("sad", "mad")] * 13, *[("mad", "mad")] * 4)
    groups = by_group(masks, masks.label, masks.vocabulary)
    found = rates(masks, masks.lexical, masks.label, masks.vocabulary)
    for group, rate in zip(groups, found, strict=True):
        assert (group.group, group.masks, group.posts) == (rate.group, rate.masks, rate.posts)
        assert (group.lexical_accuracy, group.low, group.high) == (rate.share, rate.low, rate.high)


def test_the_clustering_is_of_what_holds() -> None:
    """Answers are right or wrong by post, but given or not given by mask."""
    rows = [("sad", "sad"), ("sad", None)] * 20
    posts = [str(number // 2) for number in range(40)]
    masks = single(*rows, posts=posts)
    everyone = np.zeros(40, np.int64)
    (by_mask,) = rates(masks, masks.valid, everyone, ["all"])
    by_post = np.array([number // 2 % 2 == 0 for number in range(40)])
    (clustered,) = rates(masks, by_post, everyone, ["all"])
    assert by_mask.share == clustered.share == 0.5
    assert clustered.high - clustered.low > 1.3 * (by_mask.high - by_mask.low)


def test_valence_by_hand() -> None:
    rows = [("happy", "sad")] * 2 + [("happy", "proud")] * 6 + [("sad", "happy")]
    masks = single(*rows, ("sad", "angry"), ("sad", "zzz"), ("zzz", "sad"), ("happy", None))
    found = {rate.group: (rate.masks, rate.share) for rate in valence_rates(masks)}
    assert found == {"positive": (8, 0.25), "negative": (2, 0.5), "both": (10, 0.3)}


WORDS = st.sampled_from(["sad", "happy", "angry", "proud", "zzz"])


@given(st.lists(st.tuples(WORDS, st.one_of(st.none(), WORDS)), min_size=1, max_size=20))
def test_valence_rates_add_up(rows: list[tuple[str, str | None]]) -> None:
    masks = single(*rows)
    whole = valence(masks)
    found = {rate.group: rate for rate in valence_rates(masks)}
    sides = [found[side] for side in ("positive", "negative") if side in found]
    assert sum(side.masks for side in sides) == whole["masks"]
    flips = sum(side.masks * side.share for side in sides)
    assert flips == pytest.approx(whole["flips"])
    if sides:
        assert found["both"].share == pytest.approx(whole["share"])
        assert found["both"].low <= found["both"].share <= found["both"].high


def test_a_breakdown_holds_the_rates() -> None:
    answers = [Reading(("sad",)), Reading(("proud",))]
    found = breakdown([["happy"]] * 2, answers, NRC, "revised", how=Resampling(draws=100))
    assert [(rate["group"], rate["share"]) for rate in found["valence"]["by"]] == [
        ("positive", 0.5),
        ("both", 0.5),
    ]
