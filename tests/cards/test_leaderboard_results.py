"""The leaderboard of a results dataset: what passes the checks is ranked, the rest is named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.loopback_hub import LoopbackHub

from express_cards.reports.examples import unpack
from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_cards.submissions.card import result_card
from express_cards.submissions.submission import read_run, write_submission
from express_runners.config import RunConfig
from express_runners.runs.run import run

MODEL = "org/tiny-135M"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a results dataset with one submission: a tiny model's run on the sample."""
    root = tmp_path_factory.mktemp("results")
    model = tiny_models.make("roberta", root / "model")
    run(RunConfig(model=str(model), dataset="sample", out=root / "run"))
    submission = read_run(root / "run", "sample", model=MODEL, same_weights=True)
    write_submission(submission, root / "dataset", result_card(submission))
    return root / "dataset"


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    return Path(shutil.copytree(dataset, tmp_path / "dataset"))


def submission_in(dataset: Path) -> Path:
    """Its only submission."""
    (found,) = (dataset / "submissions").glob("*/*")
    return found


def staged(out: Path, results: Path) -> dict[str, Any]:
    """The leaderboard of a results dataset, as it is told to machines."""
    stage(out, SpaceOptions("leaderboard", results=str(results)))
    board: dict[str, Any] = json.loads((out / "results.json").read_text("utf-8"))
    return board


def test_a_submission_that_passes_is_ranked(dataset: Path, tmp_path: Path) -> None:
    board = staged(tmp_path, dataset)
    assert board["refused"] == []
    for table in board["tables"]:
        (row,) = table["rows"]
        assert (row["model"], row["address"]) == (MODEL, f"https://huggingface.co/{MODEL}")
        assert row["family"] == "masked"
        assert row["parameters"] < 1e6  # counted in its files: its name tells of 135 million
        stored = json.loads((submission_in(dataset) / "scores.json").read_text("utf-8"))
        for name, found in row["figures"].items():
            assert found["value"] == pytest.approx(stored[table["protocol"]][name], abs=1e-12)
        assert row["signature"] == stored[table["protocol"]]["signature"]
        assert (tmp_path / row["report"]).is_file()


def test_a_run_of_ones_own_is_not_ranked_again_as_its_submission(
    dataset: Path, tmp_path: Path
) -> None:
    options = SpaceOptions("leaderboard", results=str(dataset), runs=[dataset.parent / "run"])
    stage(tmp_path, options)
    board = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert [[row["model"] for row in table["rows"]] for table in board["tables"]] == [["model"]] * 2
    (refused,) = board["refused"]
    assert refused["name"].startswith("org--tiny-135M/fill-mask-")
    assert refused["reason"].startswith(f"{refused['name']} is the same run as run, which is ")


def test_nobody_takes_anothers_place_by_taking_its_name(dataset: Path, tmp_path: Path) -> None:
    # The first is named as the second was called while it ran; it comes first in order, too.
    run_as = Path(shutil.copytree(dataset.parent / "run", tmp_path / "run"))
    record = json.loads((run_as / "run.json").read_text("utf-8"))
    record["asked"]["model"]["name"] = "a/first"
    (run_as / "run.json").write_text(json.dumps(record))
    for folder, model in ((dataset.parent / "run", "a/first"), (run_as, "org/second")):
        submission = read_run(folder, "sample", model=model, same_weights=True)
        write_submission(submission, tmp_path / "dataset", result_card(submission))
    board = staged(tmp_path / "site", tmp_path / "dataset")
    assert board["refused"] == []
    models = [[row["model"] for row in table["rows"]] for table in board["tables"]]
    assert models == [["a/first", "org/second"]] * 2


def _lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "predictions.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _write(folder: Path, lines: list[dict[str, Any]]) -> None:
    (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _better_scores(folder: Path) -> None:
    scores = json.loads((folder / "scores.json").read_text("utf-8"))
    scores["revised"]["lexical_accuracy"] = 0.99
    (folder / "scores.json").write_text(json.dumps(scores))


def _example_missing(folder: Path) -> None:
    _write(folder, _lines(folder)[1:])


def _other_labels(folder: Path) -> None:
    lines = _lines(folder)
    lines[0]["references"] = ["calm"] * len(lines[0]["references"])
    _write(folder, lines)


def _right_terms(folder: Path) -> None:
    lines = _lines(folder)
    for line in lines:
        line["terms"] = dict.fromkeys(("paper", "revised"), line["references"])
    _write(folder, lines)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_better_scores, "scores.json: revised.lexical_accuracy is 0.99, not "),
        (_example_missing, "examples of split test of express-sample have no answer"),
        (_other_labels, "predictions.jsonl, line 1: references.0 is 'calm', not"),
        (_right_terms, "predictions.jsonl, line 1: terms.paper.0 is "),
    ],
)
def test_a_tampered_submission_is_named_with_the_reason_and_not_ranked(
    spoil: Callable[[Path], None], reason: str, copy: Path, tmp_path: Path
) -> None:
    spoil(submission_in(copy))
    board = staged(tmp_path / "site", copy)
    assert board["tables"] == []
    (refused,) = board["refused"]
    assert refused["name"].startswith("org--tiny-135M/fill-mask-")
    assert reason in refused["reason"]
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "There is no result that could be ranked yet" in page
    assert str(tmp_path) not in page


def test_a_stranger_does_not_say_what_is_loaded(copy: Path, tmp_path: Path) -> None:
    folder = submission_in(copy)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    known = Path(str(files("express_dataset.sample") / "examples.jsonl"))
    private = Path(shutil.copy(known, tmp_path / "private.jsonl"))
    record["sessions"][-1]["dataset"] = str(private)
    (folder / "run.json").write_text(json.dumps(record))
    board = staged(tmp_path / "site", copy)
    report = tmp_path / "site" / board["tables"][0]["rows"][0]["report"]
    found = re.search(r'id="packed">([^<]*)<', report.read_text("utf-8"))
    assert found is not None
    assert unpack(found[1])["texts"] is None
    assert unpack(found[1])["flags"] is None


def test_a_results_dataset_is_fetched_from_the_hub(dataset: Path, tmp_path: Path) -> None:
    content = {
        path.relative_to(dataset).as_posix(): path.read_bytes()
        for path in dataset.rglob("*")
        if path.is_file()
    }
    with LoopbackHub() as hub:
        hub.dataset("org/express-results").commit({**content, "README.md": b"# Results"})
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

        def space(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "express_runners.cli", "space", "leaderboard", *words],
                env=kept | hub.environment(str(tmp_path / "home")),
                capture_output=True,
                text=True,
                timeout=300,
            )

        out = tmp_path / "site"
        done = space("--results", "org/express-results", "--out", str(out))
        missing = space("--results", "org/nothing", "--out", str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    board = json.loads((out / "results.json").read_text("utf-8"))
    assert board["refused"] == []
    assert [row["model"] for row in board["tables"][0]["rows"]] == [MODEL]
    assert "--results org/express-results" in (out / "README.md").read_text("utf-8")
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: org/nothing is no folder, and no results dataset")
    assert missing.stderr.count("\n") == 1
