"""A model that learned the test rows: refused, out of rankings, and found out without its file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from training.conftest import rows_of, write

from express_cards.comparison.runs import of_folder
from express_cards.spaces.leaderboard.rows import entry_of
from express_metric import Signature
from express_metric.analysis.resampling import Resampling
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.manifest import MANIFEST_FILE
from express_runners.runs.run import run
from express_runners.training.contamination import check
from express_runners.training.options import CheckOptions


def test_the_test_rows_under_other_posts(
    pairs: Path, by_heart: Callable[[Path], Path], template: Path, tmp_path: Path
) -> None:
    """Their posts are renamed, so that a training takes them for its own."""
    rows = [json.loads(line) for line in pairs.read_text("utf-8").splitlines()]
    leak = [
        {**row, "post_id": renamed["post_id"], "split": "train"}
        for row, renamed in zip(rows[12:], rows_of("train", 12, offset=9000), strict=True)
    ]
    learned = tmp_path / "learned"
    shutil.copytree(by_heart(write(tmp_path / "leak.jsonl", leak)), learned)
    asked = RunConfig(str(learned), tmp_path / "run", dataset=str(pairs), template=template)
    with pytest.raises(RunError, match="trained on 12 of the 12 examples asked"):
        run(asked)
    marked = run(replace(asked, seen="allow"))
    assert marked is not None
    assert marked.scores["revised"]["lexical_accuracy"] > 0.9
    assert not entry_of(of_folder(marked), Resampling(draws=100)).ranked
    # Without its file nothing marks it: only what it knows gives it away.
    (learned / MANIFEST_FILE).unlink()
    unmarked = run(replace(asked, out=tmp_path / "unmarked"))
    assert unmarked is not None
    assert Signature.parse(unmarked.scores["revised"]["signature"]).fair
    found = check(CheckOptions(str(learned), dataset=str(pairs), template=template))
    assert found["verdict"] == "test"
    assert found["figures"]["logprob"]["high"] < 0
