"""`make demo`: what a newcomer's first command does, with the real small models."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.timeout(1200)
def test_the_demo_asks_and_teaches_real_models_and_leaves_a_page(tmp_path: Path) -> None:
    recipe = re.search(r"^demo:.*\n\t@?(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    command = recipe[1].partition("$")[0].replace(".venv/bin/python", sys.executable)
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "COLUMNS": "80",
    }
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    runs = {file.parent.name: file.parent for file in tmp_path.glob("runs/demo/*/scores.json")}
    assert len(runs) == 5
    scores = {
        name: json.loads((run / "scores.json").read_text())["revised"] for name, run in runs.items()
    }
    assert {score["n_examples"] for score in scores.values()} == {18}
    # A model that writes something else for most posts is a model that really answers.
    lines = (runs["smollm2-135m-free"] / "predictions.jsonl").read_text("utf-8").splitlines()
    assert len({json.loads(line)["completion"] for line in lines}) > len(lines) / 2
    before, after = scores["bert-4m-free"], scores["bert-4m-taught-free"]
    assert after["vector_f1"] > before["vector_f1"]
    assert after["valid_rate"] > before["valid_rate"]
    # In one line each, on a terminal of eighty columns too.
    assert re.search(r"^the commonest word +reads nothing +100.0% .*%$", done.stdout, re.M)
    assert "weak" in done.stdout
    page = tmp_path / "runs" / "demo" / "report.html"
    assert f"open {page.relative_to(tmp_path)}" in done.stdout.splitlines()[-1]
    shown = page.read_text("utf-8")
    # Models are called what a person calls them, never by a folder of a package or a cache.
    assert all(name in shown for name in ("BERT 4M", "BERT 4M, taught", "SmolLM2 135M"))
    # Nothing but steps, bars and the curve: no warning of a library.
    said = re.compile(
        r"\[\d/5\]|answering|learning the prior|training|converting|comparing|      teaching"
    )
    assert [line for line in done.stderr.splitlines() if line and not said.match(line)] == []
