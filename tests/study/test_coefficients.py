"""The coefficients against the packages that others trust."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from express_cards.study.agreement import agreement
from express_cards.study.coefficients import alpha, cohen, counted, fleiss
from express_cards.study.judged import CHOICES, Item, Judged, Judgement
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=100)


def labels(seed: int, posts: int, coders: int, missing: float = 0.0) -> np.ndarray:
    """Answers that agree a little; -1 where there is none."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 4, posts)
    found = np.where(
        rng.random((posts, coders)) < 0.4, true[:, None], rng.integers(0, 4, (posts, coders))
    )
    found[rng.random((posts, coders)) < missing] = -1
    return found


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_the_packages(seed: int) -> None:
    whole, holes = labels(seed, 60, 3 + seed), labels(seed, 60, 3 + seed, 0.3)
    expected = inter_rater.fleiss_kappa(inter_rater.aggregate_raters(whole)[0])
    assert fleiss(counted(whole, 4), FEW).value == pytest.approx(expected, abs=1e-12)
    nominal = "nominal"
    for table in (whole, holes):
        reliability = np.where(table < 0, np.nan, table).T
        value = krippendorff.alpha(reliability, level_of_measurement=nominal)
        assert alpha(counted(table, 4), FEW).value == pytest.approx(value, abs=1e-12)
    both = (holes[:, 0] >= 0) & (holes[:, 1] >= 0)
    kappa = cohen_kappa_score(holes[both, 0], holes[both, 1])
    assert cohen(holes[:, 0], holes[:, 1], 4) == pytest.approx(kappa, abs=1e-12)


def test_equal_on_the_authors_files(authors: dict[str, Any], reference: Path) -> None:
    choices = {"SD": 0, "LLM": 1, "both": 2, "neither": 3}
    columns = []
    for file in sorted((reference / "human-evaluation").glob("coder*.csv")):
        with file.open(newline="") as stream:
            columns.append({r["index"]: choices[r["choice"]] for r in csv.DictReader(stream)})
    posts = sorted(set().union(*columns))
    table = np.array([[column.get(post, np.nan) for column in columns] for post in posts])
    given = authors["agreement"]
    value = krippendorff.alpha(table.T, level_of_measurement="nominal")
    assert given["krippendorff_alpha"]["value"] == pytest.approx(value, abs=1e-12)
    sides = np.where(table < 2, table, np.nan)
    value = krippendorff.alpha(sides.T, level_of_measurement="nominal")
    assert given["krippendorff_alpha_sides"]["value"] == pytest.approx(value, abs=1e-12)
    whole = table[~np.isnan(table).any(axis=1)].astype(int)
    value = inter_rater.fleiss_kappa(inter_rater.aggregate_raters(whole)[0])
    assert given["fleiss_kappa"]["value"] == pytest.approx(value, abs=1e-12)
    for pair, (one, other) in zip(given["cohen_kappa"], [(0, 1), (0, 2), (1, 2)], strict=True):
        both = ~np.isnan(table[:, [one, other]]).any(axis=1)
        kappa = cohen_kappa_score(table[both, one], table[both, other])
        assert pair["kappa"] == pytest.approx(kappa, abs=1e-12)


def test_a_bootstrap_interval_holds_the_truth() -> None:
    # Alpha of answers that agree with a hidden truth 40% of the time is 0.4 squared, about.
    held = 0
    for seed in range(40):
        found = alpha(counted(labels(seed, 150, 3), 4), Resampling(draws=300))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.16 <= found.high
    assert 33 <= held <= 40


def judged(preference: float, position: float, seed: int) -> Judged:
    """200 posts by three coders, of whom each takes the model's word or the first so often."""
    rng = np.random.default_rng(seed)
    items = {f"p{n}": Item(f"p{n}", ("sad",), ("mad",), None, {"masks": "1"}) for n in range(200)}
    given = []
    for item in items:
        for coder in "abc":
            first = "model" if rng.random() < 0.5 else "person"
            lean = preference + (position if first == "model" else -position)
            choice = "model" if rng.random() < lean else "person"
            given.append(Judgement(coder, item, choice, first))  # type: ignore[arg-type]
    return Judged("made", given, items, asked=3)


def test_a_preference_is_found_and_none_is_not() -> None:
    strong, none = agreement(judged(0.65, 0, 1), FEW), agreement(judged(0.5, 0, 2), FEW)
    assert strong["preference"]["judgements"]["p_permutation"] < 0.02
    assert strong["preference"]["majority"]["p"] < 0.001
    assert none["preference"]["judgements"]["p_permutation"] > 0.05
    assert strong["contextual_accuracy"]["model"]["majority"]["low"] > 0.6


def test_a_bias_of_position_is_found() -> None:
    found = agreement(judged(0.5, 0.2, 3), FEW)
    assert found["position"]["value"] > 0.6
    assert found["position"]["p_permutation"] < 0.02
    assert found["preference"]["judgements"]["p_permutation"] > 0.05


def test_permutation_counts_a_post_once() -> None:
    # Three coders of one mind on 12 posts, 9 to 3: as 12 answers, not as 36.
    items = {f"p{n}": Item(f"p{n}", ("sad",), ("mad",)) for n in range(12)}
    given = [
        Judgement(coder, f"p{n}", "model" if n < 9 else "person")
        for n in range(12)
        for coder in "abc"
    ]
    found = agreement(Judged("made", given, items, asked=3), Resampling(draws=5000))
    assert found["preference"]["judgements"]["p_permutation"] == pytest.approx(0.146, abs=1e-3)
    assert found["agreement"]["krippendorff_alpha"]["value"] == 1.0


def test_an_incomplete_design_counts_all_answers_of_a_post() -> None:
    items = {f"p{n}": Item(f"p{n}", ("sad",), ("mad",)) for n in range(6)}
    pairs = ["ab", "bc", "ac", "ab", "bc", "ac"]
    given = [Judgement(c, f"p{n}", CHOICES[n % 2]) for n, pair in enumerate(pairs) for c in pair]
    found = agreement(Judged("made", given, items, asked=2), FEW)
    assert (found["posts"], found["unanimous"]["n"], found["coders"]) == (6, 6, 3)
    part = agreement(Judged("made", given[:-1], items, asked=2), FEW)
    assert (part["posts"], part["posts_in_part"]) == (5, 1)
