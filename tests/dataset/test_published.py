"""A stand-in of the published EXPRESS, defects included, installs from a file and from a Hub."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import stand_in
from support.loopback_hub import LoopbackHub

from express_dataset.sources import AUTHORS_REPO

ROOT = Path(__file__).resolve().parents[2]
PLACED = 33_640 - 16 - 5  # without what cannot be an example, and what is near to two splits
LOAD = """
import json, sys
from datasets import load_dataset
import evaluate
parts = load_dataset("express")
metric = evaluate.load("express_alignment")
assert not [name for name in sys.modules if name.split(".")[0].startswith("express_")]
splits = {}
for name, part in parts.items():
    for text in part["text"]:
        splits.setdefault(text, set()).add(name)
print(json.dumps({
    "rows": {name: len(part) for name, part in parts.items()},
    "columns": parts["train"].column_names,
    "topics": sorted(set(parts["train"]["topic_name"])),
    "description": parts["train"].info.description,
    "astride": sum(len(found) > 1 for found in splits.values()),
    "metric": metric.name,
}))
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "express.csv"
    path.write_bytes(stand_in.stand_in())
    return path


def _python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return done


def _install(cwd: Path, *options: str, **environment: str) -> tuple[Any, str]:
    command = ("-m", "express_runners.cli", "install", "--format", "json", *options)
    done = _python(*command, cwd=cwd, **environment)
    return json.loads(done.stdout), done.stderr


def _offline(home: Path) -> dict[str, str]:
    return {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"}


def test_the_stand_in_has_the_published_shape_and_defects(file: Path) -> None:
    csv.field_size_limit(2**31 - 1)
    with file.open(encoding="utf-8", newline="") as lines:
        rows: list[dict[str, Any]] = list(csv.DictReader(lines))
    for row in rows:
        # The labels are one-word or two-word terms without quotes in them.
        row["labels"] = json.loads(row["labels"].replace("'", '"'))
        row["number_of_labels"] = int(row["number_of_labels"])
    assert list(rows[0]) == list(stand_in.COLUMNS)
    assert stand_in.audit(rows) == {
        "rows": 33_640,
        "posts": 27_370,
        "most of a post": 12,
        "rows of repeating posts": 10_018,
        "labels": 52_547,
        "distinct": 404,
        "rare": 99,
        "of ten commonest": 18_843,  # 35.86%
        "copies": 407,
        "misfits": 16,
    }


def test_it_installs_and_both_bare_names_load_offline(file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    home = _offline(tmp_path / "home")
    told, said = _install(empty, "--source", str(file), **home)
    data = told["dataset"]
    assert (sum(data["splits"].values()), data["left_out"]) == (PLACED, 16)
    assert "5 rows left out, because their text or a near copy stands in another split" in said
    reasons = "16 rows left out that cannot be examples (labels and masks differ in number: 16)"
    assert "not a version of EXPRESS that this release knows" in said
    assert reasons in said
    assert "407 rows are exact copies" in said
    assert f"listed in {data['left_out_file']}" in said
    with Path(data["left_out_file"]).open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    assert len(listed) == 16
    assert all(f"{file}, row " in one["row"] for one in listed)
    loaded = json.loads(_python("-c", LOAD, cwd=empty, **home).stdout.splitlines()[-1])
    assert loaded["rows"] == data["splits"]
    assert loaded["astride"] == 0  # copies of a text share a split
    assert {"topic_id", "topic_name"} <= set(loaded["columns"])
    assert len(loaded["topics"]) == 50
    assert reasons in loaded["description"]
    assert loaded["metric"] == "express_alignment"


def test_it_installs_from_the_authors_repository_on_the_hub(file: Path, tmp_path: Path) -> None:
    with LoopbackHub() as hub:
        hub.dataset(AUTHORS_REPO).commit({"any name.csv": file.read_bytes()})
        told, said = _install(tmp_path, **hub.environment(str(tmp_path / "home")))
    assert (told["dataset"]["name"], told["dataset"]["left_out"]) == ("express", 16)
    assert sum(told["dataset"]["splits"].values()) == PLACED
    assert "16 rows left out" in said
