"""A real model on real segments, killed and started again, answers as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

from support.launching import finish, kill, predictions, sessions, start, wait_until, written

SEGMENTS = 6


def test_sigkill_and_resume_change_nothing(smollm2: Path, reference: Path, tmp_path: Path) -> None:
    options: dict[str, object] = {
        "model": smollm2,
        "dataset": reference / "gpt4o_predictions.csv",
        "limit": SEGMENTS,
        "batch-size": 2,
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected = finish(start({**options, "out": whole}))

    first = start({**options, "out": killed})
    wait_until(lambda: written(killed) >= 2, first)
    kill(first)
    before = written(killed)
    assert 2 <= before < SEGMENTS
    assert not (killed / "predictions.jsonl").exists()
    shard = (killed / "predictions-00000.jsonl").read_text()

    assert finish(start({**options, "out": killed})) == expected
    assert predictions(killed) == predictions(whole)
    # What was written before the kill was kept as it was, seconds and all, not answered anew.
    final = (killed / "predictions.jsonl").read_text().splitlines()
    assert set(shard.splitlines()[:before]) <= set(final)
    assert len(sessions(killed)) == 2
    assert len({json.loads(line)["id"] for line in final}) == SEGMENTS
