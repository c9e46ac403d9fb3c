"""Where there is no interval: a figure that no draw can move tells nothing of its own reach."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from express_metric import Reading, load_lexicon
from express_metric.analysis.intensity import share_interval, shift
from express_metric.analysis.intervals import MIN_POSTS, interval
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.usage import MIN_DIVERSE, diversity, excess

NRC, FEW = load_lexicon("nrc"), Resampling(draws=200)


def said(labels: list[str], answers: list[str]) -> Masks:
    """Masks of posts with one word each."""
    return mask_table(
        [[word] for word in labels], [Reading((word,)) for word in answers], NRC, "revised"
    )


@pytest.mark.parametrize(
    ("value", "ends"),
    [(0.0, (-1.0, 1.0)), (1.0, (-1.0, 1.0)), (0.5, (0.0, 1.0)), (0.0, (0.0, 1.0))],
)
@pytest.mark.parametrize("posts", [2, 40, 4_000])
def test_draws_that_are_all_equal(value: float, ends: tuple[float, float], posts: int) -> None:
    """Were the bound of Clopper and Pearson's share of posts as far off as can be, on each side."""
    found = interval(value, np.full(500, value), np.full(posts, value), 0.95, ends=ends)
    most = float(binomtest(0, posts).proportion_ci(0.95, method="exact").high)
    assert (found.value, found.method) == (value, "exact")
    assert found.low == pytest.approx((1 - most) * value + most * ends[0], abs=1e-12)
    assert found.high == pytest.approx((1 - most) * value + most * ends[1], abs=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high


def test_draws_that_differ_by_rounding_are_equal() -> None:
    draws = np.random.default_rng(0).random(500)
    gains = (draws + 0.1) - draws
    assert len(set(gains.tolist())) > 1
    found = interval(0.1, gains, np.full(40, 0.1), 0.95, ends=(-1.0, 1.0))
    assert found.method == "exact"
    assert found.low is not None
    assert found.low < 0.01


@pytest.mark.parametrize("posts", [MIN_POSTS - 1, MIN_POSTS])
def test_a_share_needs_ten_posts(posts: int) -> None:
    sums = np.column_stack([np.arange(posts) % 2, np.ones(posts)]).astype(float)
    # Posts without such a mask tell nothing, however many they are.
    found = share_interval(np.vstack([sums, np.zeros((50, 2))]), FEW)
    assert (found.low is not None) is (posts == MIN_POSTS)


@pytest.mark.parametrize("errors", [MIN_POSTS - 1, MIN_POSTS])
def test_softening_counts_the_posts_with_such_errors(errors: int) -> None:
    labels = ["furious"] * errors + ["calm"] * 50
    answers = ["angry"] * (errors - 2) + ["enraged"] * 2 + ["calm"] * 50
    net = shift(said(labels, answers), FEW).net
    assert net.value is not None
    assert (net.low is not None) is (errors == MIN_POSTS)


@pytest.mark.parametrize("posts", [MIN_DIVERSE - 1, MIN_DIVERSE])
def test_entropy_needs_so_many_answered_posts(posts: int) -> None:
    # Of every second post the words are compared; the posts between give the list.
    labels = ["sad", "sad", "glad", "glad"] * 40
    readings = [Reading(("sad",))] * 2 * posts + [Reading(None)] * (160 - 2 * posts)
    masks = mask_table([[word] for word in labels], readings, NRC, "revised")
    found = diversity(masks, FEW)
    assert found.entropy_change.value == pytest.approx(-1, abs=0.03)
    assert (found.entropy_change.low is not None) is (posts == MIN_DIVERSE)
    assert (found.p_value is not None) is (posts == MIN_DIVERSE)


def test_words_that_no_person_had_to_choose_from_do_not_count_as_variety() -> None:
    people = [word for word in ("sad", "glad", "mad", "proud") for _ in range(2)] * 30
    model = ["sad" if row % 4 == 1 else f"w{row}" for row in range(240)]
    found = diversity(said(people, model), FEW)
    assert found.model_entropy > found.people_entropy
    # Within the labels' list the model always says one word.
    assert found.listed == 60
    assert found.entropy_change.below(0)
    assert found.p_value is not None
    assert found.p_value < 0.05


def test_a_share_of_one_has_the_interval_of_the_rule() -> None:
    always = excess(said(["sad"] * 30, ["glad"] * 30), ["glad"], FEW)
    assert (always.value, always.method) == (1.0, "exact")
    assert always.low == pytest.approx(1 - 2 * (1 - 0.025 ** (1 / 30)))
