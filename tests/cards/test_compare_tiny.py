"""Four real runs of tiny models, from the model's folder to the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import tiny_models

from express_cards.comparison.compare import compare
from express_cards.comparison.tables import as_text
from express_metric.analysis.resampling import Resampling
from express_runners.config import RunConfig
from express_runners.runs.run import run

NAMES = ("roberta", "t5", "llama", "gemma2")


def test_four_tiny_models(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folders = []
    for name in NAMES:
        model = tiny_models.make(name, tmp_path / "models" / f"{name}-1m")
        out = tmp_path / "runs" / name
        run(RunConfig(model=str(model), out=out, dataset="sample", split="all", limit=16,
                      device="cpu"))  # fmt: skip
        folders.append(out)
    found = compare(folders, how=Resampling(draws=500))
    rows = {row["model"]: row for row in found["runs"]}
    assert [row["family"] for row in found["runs"]] == ["masked", "seq2seq", "causal", "causal"]
    # Counted in their files, not read from the names.
    assert all(0 < row["parameters"] < 1e6 for row in rows.values())
    assert {row["setting"] for row in rows.values()} == {"zero-shot"}
    verdicts = {finding["name"]: finding["verdict"] for finding in found["findings"]}
    # Random weights name next to no emotion right: that much is true of every run.
    assert verdicts["low accuracy"] == "confirmed"
    assert verdicts.get("masked against causal") != "refuted"
    assert all(row["figures"]["lexical_accuracy"]["high"] < 0.5 for row in rows.values())
    assert as_text(found, 400).splitlines()[1].startswith("roberta-1m zero-shot")
