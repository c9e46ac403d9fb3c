"""Workers end when their launcher has gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from support import tiny_models
from support.launching import start, wait_until, written


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in tasks.split()]


def test_no_worker_stays_when_the_launcher_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    options: dict[str, object] = {
        "model": str(tiny_models.make("llama", tmp_path / "model")),
        "dataset": "sample", "split": "all", "batch-size": 1, "device": "cpu", "out": out,
    }  # fmt: skip
    launcher = start(options, processes=2)
    wait_until(lambda: written(out) > 0, launcher)
    workers = children(launcher.pid)
    assert len(workers) >= 2
    # One worker stands still, so that the other would wait for it at the end.
    os.kill(workers[-1], signal.SIGSTOP)
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.wait()
    os.kill(workers[-1], signal.SIGCONT)
    end = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < end, "a worker is still there"
        time.sleep(0.2)
    # Far from done: they ended because the launcher had gone.
    assert not (out / "predictions.jsonl").exists()
