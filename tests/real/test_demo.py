"""`make demo`: what a newcomer's first command does, with the real small model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_demo_scores_a_real_model_and_leaves_a_page(tmp_path: Path) -> None:
    recipe = re.search(r"^demo:.*\n\t@?(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    command = recipe[1].replace(".venv/bin/python", sys.executable)
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "demo"
    scores = json.loads((folder / "scores.json").read_text("utf-8"))
    answered = (folder / "predictions.jsonl").read_text("utf-8").splitlines()
    assert scores["paper"]["n_examples"] == len(answered) > 20
    assert "data:express-sample@" in scores["paper"]["signature"]
    # A model that writes something else for every post is a model that really answers.
    assert len({json.loads(line)["completion"] for line in answered}) > len(answered) / 2
    assert "runs/demo/report.html" in done.stdout
    assert (folder / "report.html").stat().st_size > 10_000
    if scores["revised"]["valid_rate"] < 0.9:
        assert "could not be scored" in done.stdout
