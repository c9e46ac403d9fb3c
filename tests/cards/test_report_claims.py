"""What a report's sentences claim: no more than the data can bear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.report_files import row, write_file, write_sample_run

from express_cards.reports.sheet import read_sheet
from express_cards.reports.story import comparison_cells, story
from express_cards.reports.view import view
from express_cards.words import REASONS
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Resampling
from express_metric.terms import Reason

FEW = Resampling(draws=200)


def shown(path: Path, **options: Any) -> dict[str, Any]:
    return view(read_sheet([path], **options), FEW)


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(Reason)


def test_a_prompt_that_does_not_fit_has_its_row(tmp_path: Path) -> None:
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * 12)
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    lines[3] |= {
        "completion": None,
        "terms": {"paper": None, "revised": None},
        "reason": {"paper": "too-long", "revised": "too-long"},
    }
    write_file(folder / "predictions.jsonl", lines)
    found = shown(folder)
    rows = {line[0]: line[1:] for line in found["panels"][0]["invalid"]}
    assert rows["too-long"] == ("1", REASONS[Reason.TOO_LONG])
    assert rows["too-long"][1].startswith("not asked: the prompt")
    assert ("too-long", "not scored: too-long") in found["kinds"]


def floor_line(value: float, low: float | None, high: float | None) -> str:
    """What is said of a floor of 30% where the run has this interval."""
    figures = {
        "lexical_accuracy": Interval(value, low, high, "bca"),
        "vector_accuracy": Interval(0.35, 0.32, 0.38, "bca"),
    }
    part = {"lexical_accuracy": 0.3, "vector_accuracy": 0.4}
    found = {"floors": {"most frequent term": part}, "emotions": [], "overuse": []}
    found |= {"intensity": {"same_family": 0, "net": {"low": None}}, "valence": {"by": []}}
    return story({**found, "diversity": {"tokens": 0}}, figures)[0]


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.35, 0.31, 0.4, "clearly more often"),
        (0.35, 0.29, 0.4, "no more often as far as can be told"),
        (0.25, 0.21, 0.29, "clearly less often"),
        (1.0, None, None, "no more often as far as can be told"),
    ],
)
def test_better_than_the_floor_is_said_only_of_a_clear_gap(
    value: float, low: float | None, high: float | None, said: str
) -> None:
    line = floor_line(value, low, high)
    assert f"would name 30.0% of the hidden words; the model names them {said}." in line
    # The mix of emotions is measured against its own floor.
    assert line.endswith(
        "emotions 40.0% of the time; the model's words have it clearly less often."
    )


def test_two_right_answers_are_not_called_better(tmp_path: Path) -> None:
    lines = [row("I am <mask>.", [word], f'["{word}"]', n) for n, word in enumerate(("sad", "mad"))]
    line = shown(write_file(tmp_path / "a.jsonl", lines), lexicon="nrc")["story"][0]
    assert "50.0% of the hidden words" in line
    assert line.count("no more often as far as can be told") == 2


@pytest.mark.parametrize(("reach", "told"), [(0.05, True), (0.15, False)])
def test_emotions_are_called_apart_by_the_rule_of_the_figure(reach: float, told: bool) -> None:
    groups = [
        {"group": name, "masks": 50, "lexical_accuracy": share, "low": share - reach,
         "high": share + reach} for name, share in (("joy", 0.6), ("fear", 0.4))
    ]  # fmt: skip
    found = {"floors": {}, "emotions": groups, "overuse": [], "valence": {"by": []}}
    found |= {"intensity": {"same_family": 0, "net": {"low": None}}, "diversity": {"tokens": 0}}
    assert story(found, {}) == (
        ["It finds the word most often for feelings of joy (60.0%) and least often for fear "
         "(40.0%)."] if told else []
    )  # fmt: skip


def test_accuracies_are_percent_and_differences_points() -> None:
    finding = {"name": "", "claim": "c", "verdict": "v", "figure": 0.25, "low": 0.1, "high": 0.4}
    findings = [{**finding, "measure": "m", "unit": unit} for unit in ("percent", "points", "bits")]
    cells = comparison_cells({"runs": [], "findings": findings})["checks"]
    assert [cell[2] for cell in cells] == [
        "25.0% (10.0 to 40.0)", "25.0 pp (10.0 to 40.0)", "0.25 (0.10 to 0.40)"
    ]  # fmt: skip


def test_an_unfinished_run_is_shown_with_a_warning(tmp_path: Path) -> None:
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * 10)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["asked"]["dataset"]["examples"] = 26
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    (note,) = [line for line in shown(folder)["notes"] if "answered" in line]
    assert note.startswith("mine zero-shot: 10 of 26 answered")
    record["asked"]["dataset"]["examples"] = 10
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    assert not [line for line in shown(folder)["notes"] if "answered" in line]
