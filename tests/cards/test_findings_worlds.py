"""Each verdict is right where the truth is known, and none says the opposite."""

from __future__ import annotations

import pytest
from support.finding_worlds import TRUTHS, Truth, made_run, verdicts
from support.worlds import Row

from express_cards.comparison.compare import compare_runs
from express_metric.analysis.resampling import Resampling

WORLDS = 12


# A hundred worlds of each are tests/benchmarks/bench_findings.py.
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: f"{truth.finding}: {truth.verdict}")
def test_a_finding_says_what_is_so(truth: Truth) -> None:
    found = verdicts(truth, WORLDS, posts=700, draws=200)
    assert found[truth.wrong] == 0
    assert found[truth.verdict] >= WORLDS - 1


def test_nothing_is_found_where_nothing_is() -> None:
    same = Truth("few-shot", "undecided", "", (0.2, 0.2))
    found = verdicts(same, WORLDS, posts=200, draws=200)
    assert found["undecided"] >= WORLDS - 2
    far = Truth("masked against causal", "undecided", "", (0.1, 0.1), first=TRUTHS[4].first)
    # So few posts cannot show that two models are close.
    assert verdicts(far, WORLDS, posts=40, draws=200)["confirmed"] == 0


def softening(pairs: list[tuple[str, str]]) -> str:
    rows: list[Row] = [(a,) for a, _ in pairs]
    said: list[Row] = [(b,) for _, b in pairs]
    runs = [made_run(f"{place}", rows, said) for place in range(2)]
    shown = compare_runs(runs, how=Resampling(draws=200))
    return next(str(one["verdict"]) for one in shown["findings"] if one["name"] == "softening")


def test_softening_is_confirmed_only_where_both_scales_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agreed = [("furious", "angry"), ("terrified", "afraid")] * 20
    assert softening(agreed) == "confirmed"
    # Milder by our scale, stronger by the published one.
    assert softening([("livid", "outraged")] * 40) == "undecided"
    monkeypatch.setattr("express_metric.analysis.intensity.published", dict)
    assert softening(agreed) == "undecided"
