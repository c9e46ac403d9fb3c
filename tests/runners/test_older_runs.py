"""Run folders that version 0.1 wrote are read as they are, and go on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from express_cards.comparison.runs import load_runs
from express_cards.reports.report import write_report
from express_dataset.reading.typed import as_json
from express_metric import load_lexicon
from express_metric.parsing import PROTOCOLS
from express_metric.signature import Signature
from express_runners.config import RunConfig
from express_runners.prompts.wording import ours
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import Budget, parse_record
from express_runners.runs.run import run

STORED = Path(__file__).parent / "stored" / "version-0.1"
NAMES = ("free", "few-shot", "cot", "rank", "api", "dummy")
FIGURES = ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1")


def asked_before(name: str) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads((STORED / name / "run.json").read_text("utf-8"))["asked"]
    return asked


@pytest.mark.parametrize("name", NAMES)
def test_an_older_folder_scores_as_it_did(name: str) -> None:
    found = FinishedRun.read(STORED / name)
    anew = found.scored(found.lexicon())
    for protocol in PROTOCOLS:
        before = found.scores[protocol]
        assert [anew[protocol][f] for f in FIGURES] == [before[f] for f in FIGURES]
        line = Signature.parse(before["signature"])
        here = found.signature(protocol, found.lexicon())
        # To the letter, but for the version that scores and the table of words that it has.
        here = replace(here, version=line.version, lexicon=line.lexicon)
        assert str(here) == before["signature"]
    assert ("rank" in anew) is (name == "rank")
    assert anew.get("rank") == found.scores.get("rank")


@pytest.mark.parametrize("name", NAMES)
def test_what_was_prose_is_a_field(name: str) -> None:
    record = FinishedRun.read(STORED / name).record
    asked, before = record.asked, asked_before(name)
    assert asked.model.name == before["model"]["name"]
    assert asked.dataset.kind == "sample"
    bases = {"rank": "fill-mask", "few-shot": "few-shot", "cot": "cot"}
    assert asked.prompt.base == bases.get(name, "zero-shot")
    assert asked.decoding.kind == {"rank": "rank", "dummy": "dummy"}.get(name, "free")
    assert asked.decoding.several == ("pll" if name == "rank" else None)
    budgets = {"api": Budget(base=32, per_mask=16, unseen=4000)}
    budgets |= {"cot": Budget(base=544, per_mask=16)}
    plain = None if name in ("rank", "dummy") else Budget(base=32, per_mask=16)
    assert asked.decoding.max_new_tokens == budgets.get(name, plain)
    # Written anew it is read as the same.
    assert parse_record(json.loads(json.dumps(as_json(record)))) == record


def test_older_folders_are_compared_and_shown(tmp_path: Path) -> None:
    runs = load_runs([STORED / name for name in NAMES])
    settings = ["zero-shot", "few-shot random", "cot", "zero-shot", "zero-shot", "zero-shot"]
    assert [found.setting for found in runs] == settings
    assert [found.ranks for found in runs] == [name == "rank" for name in NAMES]
    shutil.copytree(STORED / "few-shot", tmp_path / "few-shot")
    page = write_report(FinishedRun.read(tmp_path / "few-shot"), None)
    assert "few-shot-2-random-seed7" in page.read_text("utf-8")


def test_an_older_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "dummy"
    shutil.copytree(STORED / "dummy", folder)
    lines = (folder / "predictions.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "predictions.jsonl").write_text("".join(lines[:2]), "utf-8")
    # The table of words and the wording have changed since, and a run goes on with its own only.
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["asked"]["lexicon"]["label"] = load_lexicon("nrc").label
    wording = ours("zero-shot")
    record["asked"]["prompt"] |= {"hash": wording.hash, "sha256": wording.sha256}
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    config = RunConfig(model="dummy:uniform@3", out=folder, dataset="sample", limit=4, device="cpu")
    found = run(config)
    assert found is not None
    assert [line["id"] for line in found.lines] == [json.loads(line)["id"] for line in lines]
    assert len(found.record.sessions) == 2
    terms = [line["terms"] for line in found.lines]
    assert terms == [json.loads(line)["terms"] for line in lines]
