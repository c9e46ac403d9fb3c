"""Each verdict is right where the truth is known, and none says the opposite."""

from __future__ import annotations

import pytest
from support.finding_worlds import TRUTHS, Truth, verdicts

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
