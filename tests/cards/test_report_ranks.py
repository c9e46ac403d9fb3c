"""Runs with `--decode rank` on the page: places and calibration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from support.report_files import write_rank_run, write_sample_run

from express_cards.comparison.runs import aligned, load_runs
from express_cards.reports.report import report
from express_cards.reports.sheet import read_sheet
from express_cards.reports.view import view
from express_metric import DIMENSIONS, MetricError, load_lexicon
from express_metric.analysis.breakdown import Facts, breakdown
from express_metric.analysis.calibration import Ranking
from express_metric.analysis.resampling import Resampling
from express_runners.runs.ranks import rank_scores
from express_runners.runs.store import read_lines

FEW = Resampling(draws=200)


def figures(paths: list[Path]) -> dict[str, Any]:
    found = view(read_sheet(paths), FEW)
    return {figure.key: figure for panel in found["panels"] for figure in panel["figures"]}


def test_places_are_those_of_the_scores(tmp_path: Path) -> None:
    folder = write_rank_run(tmp_path / "rank")
    expected = rank_scores(read_lines(folder / "predictions.jsonl"))
    shown = figures([folder])["places-1"]
    assert [row[1] for row in shown.rows] == [
        f"{expected[part]:.1%}" for part in ("top1", "top3", "top5", "mrr")
    ]
    assert 0 < expected["in_vocabulary"] < expected["masks"]
    # Of equals that are less expected the third is the higher one: tired, happy, sad.
    labels = [
        label
        for line in read_lines(folder / "predictions.jsonl")
        for label in line["references"]
        if line["rank"]
    ]
    first = sum(label == "tired" for label in labels) / expected["masks"]
    assert shown.rows[0][2] == f"{first:.1%}"
    assert "the list has 25.0% of the model's own probability" in shown.caption
    told = f"Hidden words with a place: {expected['in_vocabulary']} of {expected['masks']};"
    assert told in shown.caption


def test_calibration_is_of_the_answered_masks(tmp_path: Path) -> None:
    folder = write_rank_run(tmp_path / "rank")
    (run,) = load_runs([folder])
    found = breakdown(
        run.references, run.readings["revised"], run.lexicon, "revised",
        Facts(ranking=run.ranking), FEW,
    )["calibration"]  # fmt: skip
    labels = [label for row in run.references[:-1] for label in row]
    right = np.mean([label == "sad" for label in labels])
    assert found["term"]["bins"][0]["n"] == len(labels)
    assert found["term"]["error"] == pytest.approx(abs(0.5 - right), abs=1e-4)
    nrc = load_lexicon("nrc")
    for place, name in enumerate(DIMENSIONS):
        has = [int(nrc.vector(term)[place]) for term in ("sad", "happy", "tired")]
        stated = np.dot([0.5, 0.25, 0.25], has)
        true = np.mean([nrc.vector(label)[place] for label in labels])
        error = found["dimensions"][name]["error"]
        assert error == pytest.approx(abs(stated - true), abs=1e-4), name
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_drawing_has_a_plot_for_the_word_and_each_dimension(tmp_path: Path) -> None:
    shown = figures([write_rank_run(tmp_path / "rank")])["calibration-1"]
    assert [row[0] for row in shown.rows] == ["the very word", *DIMENSIONS]
    assert shown.rows[0][1] == "50.0%"
    drawing = ElementTree.fromstring(shown.svg)
    width, height = map(float, drawing.get("viewBox", "").split()[2:])
    dots = list(drawing.iter("circle"))
    assert len(dots) == 1 + len(DIMENSIONS)
    assert all(0 <= float(dot.get("cx", -1)) <= width for dot in dots)
    assert all(0 <= float(dot.get("cy", -1)) <= height for dot in dots)


def test_only_the_run_that_ranks_has_these_figures(tmp_path: Path) -> None:
    free = write_sample_run(tmp_path / "free", ['["sad"]'] * 12)
    found = figures([free, write_rank_run(tmp_path / "rank")])
    assert {key for key in found if key.startswith(("places", "calibration"))} == {
        "places-2",
        "calibration-2",
    }


def test_a_ranking_is_turned_with_its_examples(tmp_path: Path) -> None:
    turned = write_sample_run(tmp_path / "turned", ['["sad"]'] * 12, turned=True)
    _, run = aligned(load_runs([turned, write_rank_run(tmp_path / "rank")]))
    assert run.ranking is not None
    assert run.ranking.answered == list(range(1, 12))
    for row in run.ranking.answered:
        ranked = run.ranking.logprobs[row]
        assert ranked is not None
        assert len(ranked) == len(run.references[row])


def test_a_ranking_of_other_examples_is_refused(tmp_path: Path) -> None:
    (run,) = load_runs([write_rank_run(tmp_path / "rank")])
    ranking = Ranking(("sad",), [None])
    with pytest.raises(MetricError, match="ranking has 1 entries for 12 examples"):
        breakdown(
            run.references, run.readings["revised"], run.lexicon, "revised",
            Facts(ranking=ranking), FEW,
        )  # fmt: skip


def test_a_run_in_which_nothing_was_answered_has_no_plot(tmp_path: Path) -> None:
    folder = write_rank_run(tmp_path / "rank")
    file = folder / "predictions.jsonl"
    lines = [{**line, "rank": None} for line in read_lines(file)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    found = figures([folder])
    assert [row[1] for row in found["places-1"].rows] == ["0.0%"] * 4
    assert "calibration-1" not in found


def test_the_page_is_written(tmp_path: Path) -> None:
    page = report([write_rank_run(tmp_path / "rank")], tmp_path / "page.html")
    assert "Does a stated probability hold?" in page.read_text("utf-8")
