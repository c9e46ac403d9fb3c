"""One process and two give the same answers, and there really are two."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from support import tiny_models
from support.launching import finish, predictions, processes, sessions, start

EXAMPLES = 12


def test_one_process_and_two_agree(tmp_path: Path) -> None:
    options: dict[str, object] = {
        "model": tiny_models.make("llama", tmp_path / "model"),
        "dataset": "sample",
        "limit": EXAMPLES,
        "batch-size": 2,
    }
    one, two = tmp_path / "one", tmp_path / "two"
    assert finish(start({**options, "out": one})) == finish(start({**options, "out": two}, 2))
    assert predictions(one) == predictions(two)
    assert [s["processes"] for s in sessions(one)] == [1]
    assert [s["processes"] for s in sessions(two)] == [2]
    assert Counter(processes(one)) == {0: EXAMPLES}
    assert Counter(processes(two)) == {0: EXAMPLES // 2, 1: EXAMPLES // 2}
