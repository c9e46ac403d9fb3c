"""Runs by topic and by a column, on data of which a row was left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from express_cards.comparison import tables
from express_cards.comparison.compare import compare
from express_cards.reports.report import report
from express_dataset import DataError
from express_dataset.publishing.statistics import statistics
from express_dataset.sources import load_all
from express_metric.analysis.resampling import Resampling
from express_runners.config import RunConfig
from express_runners.runs.run import run

TOPICS = ("2_job_work_year_like", "my topic")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "own.jsonl"
    rows = [
        {
            "id": n,
            "text": f"Day {n}: I feel <mask>.",
            "labels": [("sad", "glad")[n % 2]],
            "topic_name": TOPICS[n % 2],
            "mood": ("up", "down")[n % 2],
            "split": ("test", "train", "test", "test")[n % 4],
        }
        for n in range(24)
    ]
    rows.append({"id": 99, "text": "I feel fine.", "labels": ["sad"], "split": "test"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def runs(file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    for name in ("uniform", "most-frequent"):
        config = RunConfig(
            model=f"dummy:{name}",
            out=folder / name,
            dataset=str(file),
            lexicon="nrc",
            device="cpu",
            leave_out_misfits=True,
        )
        assert run(config) is not None
    return [folder / "uniform", folder / "most-frequent"]


def test_the_record_says_how_many_rows_were_left_out(file: Path, runs: list[Path]) -> None:
    record = json.loads((runs[0] / "run.json").read_text(encoding="utf-8"))
    assert record["asked"]["dataset"]["left_out"] == 1
    assert record["sessions"][0]["misfits"] == "leave out"
    with pytest.raises(DataError, match="--leave-out-misfits"):
        run(RunConfig(model="dummy:uniform", out=runs[0].with_name("no"), dataset=str(file)))


def test_a_comparison_by_topic_and_by_a_column(runs: list[Path]) -> None:
    found = compare(runs, how=Resampling(draws=100), group_by=["mood"])
    masks = {row["group"]: row["masks"] for row in found["groups"]["topic"]}
    assert masks == {"career": 12, "my topic": 6}
    assert {row["group"]: row["masks"] for row in found["groups"]["mood"]} == {"up": 12, "down": 6}
    for write in (tables.as_text, tables.as_markdown, tables.as_latex):
        assert "career" in write(found)
    with pytest.raises(DataError, match="--group-by moon: the data has no such column"):
        compare(runs, group_by=["moon"])


def test_a_report_by_topic_and_by_a_column(runs: list[Path], tmp_path: Path) -> None:
    page = report(runs[:1], tmp_path / "page.html", group_by=["mood"]).read_text(encoding="utf-8")
    assert "By topic" in page
    assert "By mood" in page
    assert "career" in page


def test_statistics_by_topic_and_by_a_column(file: Path) -> None:
    found = statistics(load_all(str(file), "leave out"), ["mood"])
    assert found["groups"] == {
        "topic": {"career": 12, "my topic": 12},
        "mood": {"down": 12, "up": 12},
    }
    assert found["left_out"] == 1
