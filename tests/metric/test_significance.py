"""Intervals and tests: against SciPy, statsmodels, hand-computed cases and a known truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests

from express_metric import MetricError, Signature, load_lexicon, read_results
from express_metric.analysis.intervals import interval
from express_metric.analysis.resampling import (
    COLUMNS,
    Resampling,
    bootstrap,
    figure_values,
    post_codes,
    post_sums,
    scipy_part,
    swapped,
)
from express_metric.analysis.significance import (
    analyse,
    check_comparable,
    compare,
    correct,
    intervals,
    intervals_by_protocol,
    mcnemar,
    two_sided,
)
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES, Counts, count

GOLDEN = (1.0, 0.352803738317757, 0.4217289719626168, 0.713761867675419, 0.8491822429906543)
NRC = load_lexicon("nrc")


def made_counts(hits: list[int], masks: list[int]) -> Counts:
    """Counts of examples that are all valid, with so many exact hits of so many masks."""
    hit, size = np.array(hits), np.array(masks)
    found = dict.fromkeys(COLUMNS, hit) | {"masks": size, "valid_masks": size}
    return found | {"examples": np.ones_like(hit), "valid": np.ones_like(hit)}


def test_the_golden_figures_have_intervals_around_them(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    lexicon = load_lexicon(reference / "lexicon-decomposition.csv")
    counts = count(results.references, results.readings["paper"], lexicon, "paper")
    found = intervals(counts, "paper", results.post_ids)
    values = [found[name].value for name in FIGURES]
    assert values == pytest.approx(GOLDEN, rel=0, abs=1e-12)
    assert [found[name].method for name in FIGURES] == ["exact", "bca", "bca", "bca", "bca"]
    for name in FIGURES[1:]:
        low, value, high = (getattr(found[name], end) for end in ("low", "value", "high"))
        assert low < value < high
        assert 0.02 < high - low < 0.08
    # 337 posts, none of them invalid: the exact lower end is (alpha / 2) ** (1 / n).
    assert found["valid_rate"].low == pytest.approx(0.025 ** (1 / 337), rel=1e-9)


def test_bca_is_scipys_on_the_same_draws() -> None:
    rng = np.random.default_rng(5)
    masks = rng.integers(1, 6, 40).astype(float)
    hits = rng.binomial(masks.astype(int), 0.2).astype(float)
    how = Resampling(draws=3000, seed=2)
    drawn = bootstrap(np.column_stack([hits, masks]), how)
    draws = drawn[:, 0] / drawn[:, 1]
    left_out = (hits.sum() - hits) / (masks.sum() - masks)
    ours = interval(hits.sum() / masks.sum(), draws, left_out, 0.95)

    def quotient(a: Any, b: Any, axis: int = -1) -> Any:
        return a.sum(axis=axis) / b.sum(axis=axis)

    first = stats.bootstrap((hits, masks), quotient, n_resamples=9, paired=True, vectorized=True)
    first.bootstrap_distribution = draws
    theirs = stats.bootstrap(
        (hits, masks),
        quotient,
        n_resamples=0,
        paired=True,
        vectorized=True,
        method="BCa",
        bootstrap_result=first,
    ).confidence_interval
    assert ours.method == "bca"
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0, abs=1e-12)


def test_the_interval_covers_a_known_truth_as_often_as_it_says() -> None:
    """1,000 data sets of 120 posts of 1 to 6 masks, large posts being harder."""
    rng = np.random.default_rng(20)
    sizes = np.arange(1, 7)
    chance = np.array([0.30, 0.22, 0.18, 0.13, 0.08, 0.09])
    ease = np.array([0.55, 0.45, 0.4, 0.35, 0.3, 0.2])
    truth = float((chance * sizes * ease).sum() / (chance * sizes).sum())
    covered = 0
    for trial in range(1000):
        masks = rng.choice(sizes, p=chance, size=120)
        # A beta-binomial: the masks of one post rise and fall together.
        own = rng.beta(3 * ease[masks - 1], 3 * (1 - ease[masks - 1]))
        counts = made_counts(rng.binomial(masks, own).tolist(), masks.tolist())
        found = intervals(counts, "paper", how=Resampling(draws=1000, seed=trial))
        shown = found["lexical_accuracy"]
        assert shown.low is not None
        assert shown.high is not None
        covered += shown.low <= truth <= shown.high
    assert 930 <= covered <= 970


def test_masks_of_one_post_widen_the_interval() -> None:
    """Ten posts of twenty like masks tell less than two hundred posts of one."""
    hits = [1, 0] * 100
    counts = made_counts(hits, [1] * 200)
    alone = intervals(counts, "paper")["lexical_accuracy"]
    posts = [f"{i // 40}-{hit}" for i, hit in enumerate(hits)]
    together = intervals(counts, "paper", posts)["lexical_accuracy"]
    assert alone.value == together.value == 0.5
    assert alone.low is not None
    assert together.low is not None
    assert together.low < alone.low - 0.1


def test_a_complete_permutation_test_is_scipys() -> None:
    rng = np.random.default_rng(3)
    masks = rng.integers(1, 5, 12)
    a, b = rng.binomial(masks, 0.3), rng.binomial(masks, 0.6)
    first, second = (made_counts(side.tolist(), masks.tolist()) for side in (a, b))
    found = compare(first, second, "paper")["lexical_accuracy"]

    def statistic(x: Any, y: Any, axis: int = -1) -> Any:
        return y.sum(axis=axis) - x.sum(axis=axis)

    theirs = stats.permutation_test(
        (a, b), statistic, permutation_type="samples", n_resamples=10_000, vectorized=True
    )
    assert found.exact
    assert found.p_value == pytest.approx(theirs.pvalue, rel=0, abs=1e-12)


def test_permutation_by_hand() -> None:
    """Three posts, all better by one: of eight sign patterns two are as far from 0."""
    found = compare(made_counts([0, 0, 0], [1, 1, 1]), made_counts([1, 1, 1], [1, 1, 1]), "paper")
    assert found["lexical_accuracy"].p_value == 2 / 8
    assert found["lexical_accuracy"].difference.value == 1.0


def test_random_permutations_come_close_to_all() -> None:
    change = np.random.default_rng(0).normal(0.3, 1, (13, 1))
    every, complete = swapped(change, Resampling(draws=10_000))
    some, sampled = swapped(change, Resampling(draws=8_000))
    assert complete
    assert not sampled
    total = float(change.sum())
    p_every = two_sided(total, total - 2 * every[:, 0], True)
    p_some = two_sided(total, total - 2 * some[:, 0], False)
    assert p_some == pytest.approx(p_every, abs=0.02)
    assert 0 < p_every < 1


def test_every_post_is_swapped_half_the_time() -> None:
    moved, complete = swapped(np.eye(43), Resampling(draws=4_000))
    assert not complete
    assert np.abs(moved.mean(axis=0) - 0.5).max() < 0.05


def test_no_p_value_of_random_permutations_is_zero() -> None:
    assert two_sided(5.0, np.zeros(99), False) == 1 / 100
    assert two_sided(5.0, np.array([5.0, -5.0, 0.0, 0.0]), True) == 0.5


def test_a_permutation_p_value_is_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(8)
    p_values = []
    for seed in range(200):
        a, b = (made_counts(rng.binomial(2, 0.4, 40).tolist(), [2] * 40) for _ in range(2))
        found = compare(a, b, "paper", how=Resampling(draws=400, seed=seed))
        p_values.append(found["lexical_accuracy"].p_value)
    low = np.mean(np.array(p_values, float) <= 0.1)
    assert 0.04 <= low <= 0.16


@pytest.mark.parametrize(("only_first", "only_second"), [(5, 0), (7, 2), (30, 44), (1, 1), (0, 9)])
def test_mcnemar_is_statsmodels(only_first: int, only_second: int) -> None:
    first = [1] * only_first + [0] * only_second + [1, 0]
    second = [0] * only_first + [1] * only_second + [1, 0]
    table = [[1, only_first], [only_second, 1]]
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p_value == pytest.approx(their_mcnemar(table, exact=True).pvalue, abs=1e-12)


def test_mcnemar_by_hand() -> None:
    assert mcnemar([1, 1, 1, 1, 1], [0, 0, 0, 0, 0]).p_value == 2 / 2**5
    assert mcnemar([1, 0], [1, 0]).p_value == 1.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrections_are_statsmodels(p_values: list[float]) -> None:
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        expected = multipletests(p_values, method=theirs)[1]
        assert correct(p_values, ours) == pytest.approx(expected, abs=1e-12)  # type: ignore[arg-type]


def test_no_p_values_need_no_correction() -> None:
    assert correct([]) == correct([], "bh") == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 4), st.sampled_from("abcdefgh")),
        min_size=2,
        max_size=20,
    ),
    st.randoms(),
)
def test_the_order_of_examples_changes_nothing(
    rows: list[tuple[int, int, str]], random: Any
) -> None:
    def found(some: list[tuple[int, int, str]]) -> Any:
        counts = made_counts([min(m, h) for m, h, _ in some], [m for m, _, _ in some])
        return intervals(counts, "paper", [post for _, _, post in some], Resampling(draws=200))

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert found(rows) == found(shuffled)


def test_exchanging_the_runs_turns_the_sign() -> None:
    rng = np.random.default_rng(1)
    a, b = (made_counts(rng.binomial(3, p, 60).tolist(), [3] * 60) for p in (0.3, 0.5))
    there, back = compare(a, b, "paper")["vector_f1"], compare(b, a, "paper")["vector_f1"]
    assert there.difference.value == pytest.approx(-(back.difference.value or 0))
    assert there.p_value == pytest.approx(back.p_value)
    assert there.difference.low == pytest.approx(-(back.difference.high or 0), abs=0.02)


def test_a_run_does_not_differ_from_itself() -> None:
    counts = made_counts([1, 0, 2] * 20, [1, 1, 3] * 20)
    for difference in compare(counts, counts, "revised").values():
        assert difference.p_value == 1.0
        assert (difference.difference.value, difference.difference.method) == (0.0, "exact")
        # Sixty posts are no proof that none would differ.
        assert difference.difference.high == pytest.approx(1 - 0.025 ** (1 / 60))


def test_the_difference_is_paired() -> None:
    """Two noisy runs with one small steady gain: only the paired interval can see it."""
    rng = np.random.default_rng(4)
    base = rng.integers(0, 9, 200)
    better = base + (np.arange(200) % 4 == 0)
    found = analyse(
        {
            "a": made_counts(base.tolist(), [10] * 200),
            "b": made_counts(better.tolist(), [10] * 200),
        },
        "paper",
        pairs=[("a", "b")],
    )
    a, b = (found.intervals[name]["lexical_accuracy"] for name in "ab")
    assert a.high is not None
    assert b.low is not None
    assert b.low < a.high
    assert found.differences["a", "b"]["lexical_accuracy"].difference.above(0.015)


def test_all_protocols_share_the_draws_of_each() -> None:
    counts = {p: {"a": made_counts([1, 0, 2] * 9, [1, 1, 3] * 9)} for p in PROTOCOLS}
    posts = [str(i // 2) for i in range(27)]
    found = intervals_by_protocol(counts, posts)
    for protocol in PROTOCOLS:
        assert found[protocol] == analyse(counts[protocol], protocol, posts).intervals
    assert intervals_by_protocol({"paper": {}}) == {"paper": {}}


def test_an_interval_says_when_there_is_none() -> None:
    empty = count([["sad"]] * 3, [None] * 3, NRC, "paper")
    found = intervals(empty, "paper")
    assert (found["vector_f1"].value, found["vector_f1"].method) == (None, "none")
    assert found["lexical_accuracy"].method == "exact"
    one = intervals(made_counts([1], [2]), "paper")["lexical_accuracy"]
    assert (one.value, one.low, one.method) == (0.5, None, "none")


def test_bca_is_not_used_on_few_posts() -> None:
    few = intervals(made_counts([1, 0, 1, 0], [1, 1, 2, 1]), "paper")["lexical_accuracy"]
    assert few.method == "percentile"


def test_draws_repeat_with_the_seed_alone() -> None:
    sums = post_sums(made_counts([1, 0, 2] * 9, [2] * 27), post_codes(None, 27))
    assert np.array_equal(bootstrap(sums, Resampling(200, 7)), bootstrap(sums, Resampling(200, 7)))
    assert not np.array_equal(
        bootstrap(sums, Resampling(200, 7)), bootstrap(sums, Resampling(200, 8))
    )


def test_figures_of_sums_are_those_of_scores(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    lexicon = load_lexicon(reference / "lexicon-decomposition.csv")
    counts = count(results.references, results.readings["paper"], lexicon, "paper")
    sums = post_sums(counts, post_codes(results.post_ids, len(results))).sum(axis=0)
    assert figure_values(sums, "paper").tolist() == pytest.approx(GOLDEN, rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 3}, "n is '2' in a and '3' in b"),
        ({"data": "y"}, "data is 'x' in a and 'y' in b"),
        ({"lexicon": "nrc-2@1"}, "lexicon is 'nrc-1@0' in a and 'nrc-2@1' in b"),
        ({"protocol": "revised"}, "protocol is 'paper' in a and 'revised' in b"),
        ({"split": "train", "n": 9}, "split is 'test' in a and 'train' in b, n is '2' in a"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(change: dict[str, Any], said: str) -> None:
    one = Signature("x", "test", 2, "paper", "nrc-1@0")
    with pytest.raises(MetricError, match=r"^a and b cannot be compared: ") as error:
        check_comparable(one, dataclasses.replace(one, **change), ("a", "b"))
    assert said in str(error.value)


def test_prompt_and_decoding_may_differ() -> None:
    one = Signature("x", "test", 2, "paper", "nrc-1@0", "zero-shot@1", "free")
    check_comparable(one, dataclasses.replace(one, prompt="cot@2", decode="rank"), ("a", "b"))
    other_name = dataclasses.replace(one, data="y")
    check_comparable(one, other_name, ("a", "b"), same_examples=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draws": 99}, "draws is 99"),
        ({"seed": -1}, "seed is -1"),
        ({"level": 0.0}, "level is 0.0"),
        ({"level": 1.0}, "level is 1.0"),
    ],
)
def test_bad_settings_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(MetricError, match=said):
        Resampling(**options)


def test_bad_arguments_are_refused() -> None:
    two, three = made_counts([1, 1], [1, 1]), made_counts([1, 1, 1], [1, 1, 1])
    with pytest.raises(MetricError, match="first and second have other examples"):
        compare(two, three, "paper")
    with pytest.raises(MetricError, match="first and second have other examples"):
        compare(two, made_counts([1, 1], [1, 2]), "paper")
    with pytest.raises(MetricError, match="1 posts for 2 examples"):
        intervals(two, "paper", ["a"])
    with pytest.raises(MetricError, match="no run is called b"):
        analyse({"a": two}, "paper", pairs=[("a", "b")])
    with pytest.raises(MetricError, match="correction is 'none'"):
        correct([0.1], "none")  # type: ignore[arg-type]
    for wrong in ([0.1, float("nan")], [-0.1], [1.1]):
        with pytest.raises(MetricError, match="p-values lie between 0 and 1"):
            correct(wrong, "bh")
    with pytest.raises(MetricError, match="a and b have other examples"):
        intervals_by_protocol({"paper": {"a": two, "b": three}})
    with pytest.raises(MetricError, match="1 and 2 masks"):
        mcnemar([1], [1, 0])


def test_missing_scipy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.special", None)
    with pytest.raises(MetricError, match=r"express-benchmark\[stats\]"):
        scipy_part("special")
