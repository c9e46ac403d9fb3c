"""Workers end when their launcher has gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import tiny_models
from support.launching import free_port, start, wait_until, written


@pytest.mark.parametrize("command", ["run", "train"])
def test_who_waits_for_the_others_to_join_ends_too(tmp_path: Path, command: str) -> None:
    model = tiny_models.make("llama", tmp_path / "model")
    words = f"{command} --model {model} --dataset sample --device cpu --out {tmp_path / 'out'}"
    shell = f"{sys.executable} -m express_runners.cli.main {words} & echo $! && wait"
    # The second of the two never comes.
    others = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    port = free_port()
    environment = {**os.environ, **others, "MASTER_PORT": str(port)}
    launcher = subprocess.Popen(
        ["sh", "-c", shell], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert launcher.stdout
    worker = Path(f"/proc/{int(launcher.stdout.readline())}")
    wait_until(lambda: _listens(port), launcher)
    launcher.kill()
    launcher.wait()
    end = time.monotonic() + 60
    while worker.exists():
        assert time.monotonic() < end, "it waits still"
        time.sleep(0.2)


def _listens(port: int) -> bool:
    """Whether the first process waits there for the others."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
