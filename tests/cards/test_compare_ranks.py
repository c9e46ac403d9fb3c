"""Rankings and free answers are two tasks: no stars between them, and no finding of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.made_runs import BIG, SMALL, answers, labels, write_run

from express_cards.comparison.compare import compare
from express_cards.comparison.tables import as_latex, as_markdown, as_text
from express_metric.analysis.resampling import Resampling
from express_runners.errors import RunError

FEW = Resampling(draws=200)
RANKED, OF_OTHERS = {"decoding": {"name": "rank-9@1"}}, {"decoding": {"name": "rank-5@2"}}
PLAN: dict[str, tuple[str, float, dict[str, Any] | None]] = {
    "free": (BIG, 0.3, None),
    "small": (SMALL, 0.1, None),
    "rank": (BIG, 0.6, RANKED),
    "rank-small": (SMALL, 0.3, RANKED),
    "others": (BIG, 0.59, OF_OTHERS),
}


def made(folder: Path, *names: str) -> list[Path]:
    return [
        write_run(
            folder / name, model, "causal", "zero-shot", answers(labels(), share), asked=asked
        )
        for name, (model, share, asked) in PLAN.items()
        if name in names
    ]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return compare(made(tmp_path_factory.mktemp("ranks"), *PLAN), how=FEW)


def test_free_runs_are_tested_against_free_ones_alone(found: dict[str, Any]) -> None:
    free, small, *rankings = found["runs"]
    assert small["against_baseline"]["lexical_accuracy"]["p_corrected"] < 0.05
    assert free["name"] == found["baseline"]
    # Twice as many words are right, which no test may call a difference.
    assert [run["against_baseline"] for run in rankings] == [None] * 3
    for line in as_text(found, 200).splitlines():
        assert not (" rank" in line and " *" in line)


def test_groups_are_of_one_list(found: dict[str, Any]) -> None:
    assert [run["group"] for run in found["runs"]] == ["1", "2", "1r", "2r", "1s"]


def test_findings_pair_free_runs_alone(found: dict[str, Any]) -> None:
    said = [part["runs"] for finding in found["findings"] for part in finding["parts"]]
    assert "gemma-2-2b-it zero-shot to gemma-2-9b-it zero-shot" in said
    assert not [runs for runs in said if "rank" in runs]
    assert "the findings leave them out" in found["note"]


def test_findings_speak_of_rankings_where_no_model_answered_freely(tmp_path: Path) -> None:
    found = compare(made(tmp_path, "rank", "rank-small"), how=FEW)
    (size,) = (one for one in found["findings"] if one["name"] == "size")
    assert size["verdict"] == "confirmed"
    assert all(run["against_baseline"] for run in found["runs"][1:])


@pytest.mark.parametrize("form", [as_text, as_markdown, as_latex])
def test_rankings_have_a_table_of_their_own(found: dict[str, Any], form: Any) -> None:
    told = form(found, 400) if form is as_text else form(found)
    (at,) = (n for n, line in enumerate(told.splitlines()) if "with a place" in line)
    rows = [row for row in told.splitlines()[at:] if " rank" in row and "of 459" in row]
    assert len(rows) == 3
    # In LaTeX a bare percent sign would take the rest of the line.
    assert (form is as_latex) is all(r"0.0\% & 0.0\%" in row for row in rows)
    assert "The person's word in rankings" in told or form is not as_latex


@pytest.mark.parametrize("width", [80, 130, 400])
def test_findings_tell_the_least_that_so_many_posts_can_show(
    found: dict[str, Any], width: int
) -> None:
    (size,) = (one for one in found["findings"] if one["name"] == "size")
    least = f"{100 * size['smallest']:.1f}"
    # Four times in five a test at 5% finds it: 2.8 standard errors, of an interval of 3.9.
    low, high = size["low"], size["high"]
    assert size["smallest"] == pytest.approx((high - low) / (2 * 1.96) * 2.8, rel=0.01)
    told = as_text(found, width)
    (at,) = (n for n, line in enumerate(told.splitlines()) if "grows with size" in line)
    assert least in " ".join(told.splitlines()[at : at + 2])


def test_a_difference_and_its_interval_have_one_sign(found: dict[str, Any]) -> None:
    shown = found["runs"][1]["against_baseline"]["lexical_accuracy"]["difference"]
    value, low, high = (f"{100 * shown[name]:+.1f}" for name in ("value", "low", "high"))
    assert value.startswith("-")
    assert f"is worse: {value} points ({low} to {high})" in found["runs"][1]["verdict"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("predictions.jsonl", "{\n", "predictions.jsonl, line 1 is not JSON"),
        ("predictions.jsonl", None, "predictions.jsonl"),
        ("run.json", "[]", "run.json"),
    ],
)
def test_a_damaged_folder_among_them_is_named(
    file: str, text: str | None, said: str, tmp_path: Path
) -> None:
    paths = made(tmp_path, "free", "small", "rank")
    (paths[1] / file).unlink()
    if text is not None:
        (paths[1] / file).write_text(text)
    with pytest.raises(RunError) as error:
        compare(paths, how=FEW)
    assert "small" in str(error.value)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
