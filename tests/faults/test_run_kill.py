"""A run of two processes, killed ten times at random, loses nothing and answers nothing twice."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from support import tiny_models
from support.launching import Team, predictions, sessions, written

EXAMPLES = 80
KILLS = 10
# How many processes each start has: two, but once one and once three.
TEAMS = [2, 2, 1, 2, 2, 3, 2, 2, 2, 2, 2]


def shard_lines(folder: Path) -> list[str]:
    """The whole lines that the processes have written so far."""
    rows: list[str] = []
    for file in folder.glob("predictions-*.jsonl"):
        rows += file.read_text().split("\n")[:-1]
    return rows


def test_ten_sigkills_change_nothing(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    options: dict[str, object] = {
        "model": str(tiny_models.make("llama", tmp_path / "model")),
        "dataset": "sample",
        "split": "all",
        "limit": EXAMPLES,
        "batch_size": 1,
        "device": "cpu",
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert Team({**options, "out": whole}, 1).finish() == [0]

    seen: set[str] = set()
    for world in TEAMS[:KILLS]:
        team = Team({**options, "out": killed}, world)
        # After some more answers, or at any time of the start.
        # Three must have signed in once, which a first answer proves.
        more = max(chance.randrange(EXAMPLES // (2 * KILLS)), int(world == 3))
        goal = written(killed) + more
        while team.running() and written(killed) < goal:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05 if written(killed) else 2))
        assert team.running(), "the run ended before it was killed"
        team.kill(first=[chance.randrange(world)])
        lines = shard_lines(killed)
        ids = [json.loads(line)["id"] for line in lines]
        assert len(ids) == len(set(ids)), "an example was answered twice"
        assert seen <= set(lines), "a written answer was lost"
        seen = set(lines)
    assert 0 < len(seen) < EXAMPLES
    assert not (killed / "predictions.jsonl").exists()

    assert Team({**options, "out": killed}, TEAMS[-1]).finish() == [0, 0]
    assert predictions(killed) == predictions(whole)
    assert (killed / "scores.json").read_text() == (whole / "scores.json").read_text()
    assert seen <= set((killed / "predictions.jsonl").read_text().splitlines())
    # A start may be killed before it has signed in.
    assert {2, 3} <= {s["processes"] for s in sessions(killed)} <= {1, 2, 3}
