"""Beside every figure stands the one of the clean masks; what no test tells apart is one group."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.made_runs import answers, labels, write_run

from express_cards.comparison.compare import compare
from express_cards.comparison.tables import as_text
from express_cards.reports.sheet import read_sheet
from express_cards.reports.view import view
from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_cards.terminal import print_scores
from express_cards.words import percent
from express_metric import load_lexicon
from express_metric.analysis.resampling import Resampling
from express_runners.runs.finished import FinishedRun
from express_runners.runs.scores import score_run

FEW = Resampling(draws=200)
SHARES = {"best": 0.8, "near": 0.79, "far": 0.3}
REFERENCES = labels()
CLEAN = [[word != "sad" for word in words] for words in REFERENCES]


def said(name: str) -> list[list[str]]:
    """What a run answers: every "sad", which the text gives away, is right."""
    found = answers(REFERENCES, SHARES[name])
    return [
        [word if word == "sad" else told for word, told in zip(words, row, strict=True)]
        for words, row in zip(REFERENCES, found, strict=True)
    ]


def right(name: str, *, all_masks: bool) -> float:
    """The share of exact words, counted here."""
    hits = [
        told == word
        for words, row, flags in zip(REFERENCES, said(name), CLEAN, strict=True)
        for word, told, clean in zip(words, row, flags, strict=True)
        if clean or all_masks
    ]
    return sum(hits) / len(hits)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("clean")
    folders = []
    for name in SHARES:
        folder = write_run(root / name, name, "causal", "zero-shot", said(name))
        file = folder / "predictions.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        told = (
            json.dumps(line | {"clean": flags}) for line, flags in zip(lines, CLEAN, strict=True)
        )
        file.write_text("".join(f"{line}\n" for line in told))
        folders.append(folder)
    return folders


def test_compare_shows_clean_figures_and_groups(runs: list[Path]) -> None:
    found = compare(runs, how=FEW)
    rows = {row["model"]: row for row in found["runs"]}
    for name in SHARES:
        clean = rows[name]["clean"]["lexical_accuracy"]
        assert clean == pytest.approx(right(name, all_masks=False))
        full = rows[name]["figures"]["lexical_accuracy"]["value"]
        assert full == pytest.approx(right(name, all_masks=True))
        assert full > clean
        cells = next(one for one in as_text(found, 400).splitlines() if one.startswith(name))
        shown, beside = (percent(value).rstrip("%") for value in (full, clean))
        assert re.search(rf" {re.escape(shown)} \[[^]]*\](?: \*+)? +{re.escape(beside)} ", cells)
    assert [rows[name]["group"] for name in SHARES] == ["1", "1", "2"]
    assert "clean: without masks whose word stands in the text or is denied" in as_text(found, 400)


def test_score_and_report_show_clean_figures(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = FinishedRun.read(runs[0])
    scores = score_run(run.lines, load_lexicon("nrc"), run.record)
    masks = sum(map(sum, CLEAN))
    share = right("best", all_masks=False)
    for protocol in ("paper", "revised"):
        assert scores[protocol]["clean"]["n_masks"] == masks
        assert scores[protocol]["clean"]["lexical_accuracy"] == pytest.approx(share)
    print_scores(scores)
    shown = capsys.readouterr()
    assert f"{masks} masks are left" in " ".join((shown.out + shown.err).split())
    page: dict[str, Any] = view(read_sheet([runs[0]], "nrc"), FEW)
    row = dict(zip(page["protocol_header"], page["protocols"][1], strict=True))
    assert (row["figure"], row["revised, clean"]) == ("lexical_accuracy", percent(share))
    assert row["revised"] == percent(right("best", all_masks=True))


def test_the_leaderboard_shows_clean_figures_and_groups(runs: list[Path], tmp_path: Path) -> None:
    stage(tmp_path / "site", SpaceOptions("leaderboard", runs=[runs[0].parent]))
    board = json.loads((tmp_path / "site" / "results.json").read_text("utf-8"))
    (table,) = (one for one in board["tables"] if one["protocol"] == "revised")
    for row in table["rows"]:
        told = right(row["model"], all_masks=False)
        assert row["clean"]["lexical_accuracy"] == pytest.approx(told)
    assert [(row["model"], row["group"]) for row in table["rows"]] == [
        ("best", 1),
        ("near", 1),
        ("far", 2),
    ]
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert percent(right("best", all_masks=False)) in page
