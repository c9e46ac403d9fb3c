"""Wilcoxon's test, Cohen's d and the paper's floors, against SciPy and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from scipy import stats

from express_metric import Reading, load_lexicon
from express_metric.analysis.floors import vector_floors
from express_metric.analysis.masks import mask_table
from express_metric.analysis.paired import Alternative, paired, scores_by
from express_metric.errors import MetricError
from express_metric.records import read_results


@pytest.mark.parametrize("alternative", get_args(Alternative))
@pytest.mark.parametrize("seed", range(4))
def test_wilcoxon_is_scipys_with_ties_and_zeros(alternative: Alternative, seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.integers(0, 4, (2, 60)) / 3
    found = paired(first, second, alternative=alternative)
    theirs = stats.wilcoxon(
        second, first, zero_method="wilcox", alternative=alternative, method="approx"
    )
    assert found.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert found.ties == int((first == second).sum()) > 0


def test_wilcoxon_by_hand() -> None:
    # Differences 1, 1, 1 and one tie: the ranks 2, 2, 2 are all positive, so W- = 0, mean 3,
    # variance 3*4*7/24 less (27-3)/48 for the tied ranks = 3, z = -3/sqrt(3).
    found = paired(np.array([0.0, 0, 0, 1]), np.array([1.0, 1, 1, 1]))
    assert found.p_value == pytest.approx(2 * stats.norm.sf(np.sqrt(3)), abs=1e-12)


def test_cohens_d_by_hand() -> None:
    # Means 1/2 and 1, variances 1/3 and 4/3 (ddof 1): pooled sqrt(5/6).
    found = paired(np.array([0.0, 0, 1, 1]), np.array([0.0, 0, 2, 2]))
    assert found.d is not None
    assert found.d.value == pytest.approx(0.5 / np.sqrt(5 / 6), abs=1e-12)
    assert found.d.low is not None
    assert found.d.high is not None
    # The pairs move together (r = 1), so nothing is left of the error of d.
    assert found.d.low == pytest.approx(found.d.value)


def test_the_interval_of_d_covers() -> None:
    draw = np.random.default_rng(7)
    truth, inside = 0.3, 0
    for _ in range(400):
        shared = draw.normal(size=80)
        first = (shared + draw.normal(size=80)) / np.sqrt(2)
        second = (shared + draw.normal(size=80)) / np.sqrt(2) + truth
        d = paired(first, second).d
        assert d is not None
        inside += d.low is not None and d.high is not None and d.low <= truth <= d.high
    assert 0.92 <= inside / 400 <= 0.98


def test_no_difference_has_no_effect() -> None:
    same = np.array([1.0, 1.0])
    found = paired(same, same)
    assert (found.p_value, found.ties, found.d) == (1.0, 2, None)
    with pytest.raises(MetricError, match="same examples"):
        paired(same, same[:1])


def test_units_are_posts_or_masks() -> None:
    rows = [["sad", "glad"], ["mad"]]
    readings = [Reading(("sad", "sad")), Reading(("mad",))]
    masks = mask_table(rows, readings, load_lexicon("nrc"), "revised")
    assert scores_by(masks, "lexical_accuracy").tolist() == [0.5, 1.0]
    assert scores_by(masks, "lexical_accuracy", "masks").tolist() == [1.0, 0.0, 1.0]
    with pytest.raises(MetricError, match="valid_rate"):
        scores_by(masks, "valid_rate")


def test_random_vectors_score_what_draws_score() -> None:
    lexicon = load_lexicon("nrc")
    words = [["sad"], ["happy"], ["afraid"], ["unheard-of"], ["angry"]]
    found = vector_floors(words, lexicon)["random vectors"]
    labels = np.array([lexicon.vector(row[0]) for row in words], dtype=int)
    draws = np.random.default_rng(1).integers(0, 2, (20_000, *labels.shape))
    hits = 2 * (draws * labels).sum(2)
    sizes = draws.sum(2) + labels.sum(1)
    f1 = np.divide(hits, sizes, out=np.zeros(hits.shape), where=sizes > 0)
    assert found["vector_f1"] == pytest.approx(f1.mean(), abs=0.003)
    assert found["dimension_accuracy"] == pytest.approx((draws == labels).mean(), abs=0.003)
    assert found["vector_accuracy"] == pytest.approx(0.001, abs=0.0005)
    many = vector_floors(words * 4_000, lexicon, seed=3)
    for name, value in many["random vectors, seed 3"].items():
        assert value == (None if value is None else pytest.approx(found[name], abs=0.005))
    assert (
        many["random vectors, seed 3"]
        != vector_floors(words * 4_000, lexicon, seed=4)["random vectors, seed 4"]
    )


def test_the_papers_floors_came_from_another_lexicon(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    authors = load_lexicon(reference / "lexicon-decomposition.csv")
    found = vector_floors(results.references, authors)
    # The paper prints .322 and .037.
    assert found["random vectors"]["vector_f1"] == pytest.approx(0.356, abs=0.002)
    assert found["all zeros"]["vector_accuracy"] == pytest.approx(0.018, abs=0.005)
