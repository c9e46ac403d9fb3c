"""Workers end when their launcher has gone."""

from __future__ import annotations

import contextlib
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

# What a worker runs before the command, with nothing changed or with something.
USUAL = ""
# The launcher goes in the first moments of the command.
LATE = """
import os, time, express_runners.cli
main = sys.modules["express_runners.cli.main"]
at_first, go_on = os.getppid(), main._run
def wait():
    print("begun", flush=True)
    while os.getppid() == at_first:
        time.sleep(0.1)
    time.sleep(2)
    go_on()
main._run = wait
"""
SHORT = "from express_runners.runs import guard; guard.MEETING = 1"


def _first_of_two(command: str, before: str, folder: Path, port: int) -> subprocess.Popen[str]:
    """A launcher, alone in its group, of the first of two workers; it tells the worker's number."""
    model = tiny_models.make("llama", folder / "model")
    words = f"{command} --model {model} --dataset sample --device cpu --out {folder / 'out'}"
    code = f"import sys\nsys.argv[1:] = {words.split()}\n{before}\n"
    (folder / "worker.py").write_text(f"{code}from express_runners.cli import main\nmain()\n")
    shell = f"{sys.executable} {folder / 'worker.py'} & echo $! && wait $!"
    others = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    return subprocess.Popen(
        ["sh", "-c", shell],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **others, "MASTER_PORT": str(port)},
    )


@pytest.mark.parametrize("before", [USUAL, LATE], ids=["usual", "late"])
@pytest.mark.parametrize("command", ["run", "train"])
def test_who_waits_for_the_others_to_join_ends_too(
    tmp_path: Path, command: str, before: str
) -> None:
    port = free_port()
    launcher = _first_of_two(command, before, tmp_path, port)
    assert launcher.stdout
    worker = Path(f"/proc/{int(launcher.stdout.readline())}")
    if before == LATE:
        assert launcher.stdout.readline() == "begun\n"
    else:
        wait_until(lambda: _listens(port), launcher)
    launcher.kill()
    launcher.wait()
    end = time.monotonic() + 60
    while worker.exists():
        assert time.monotonic() < end, "it waits still"
        time.sleep(0.2)
    assert launcher.stderr
    assert "the launcher of this process has ended" in launcher.stderr.read()


@pytest.mark.parametrize("command", ["run", "train"])
def test_nobody_waits_for_ever_for_the_others_to_join(tmp_path: Path, command: str) -> None:
    launcher = _first_of_two(command, SHORT, tmp_path, free_port())
    assert launcher.stdout
    worker = int(launcher.stdout.readline())
    try:
        _, told = launcher.communicate(timeout=60)
        assert "the other processes did not come" in told
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_other_commands_go_on_without_their_parent(tmp_path: Path) -> None:
    """Some clusters give every shell of theirs the number of processes."""
    launcher = _first_of_two("dataset stats", LATE, tmp_path, free_port())
    assert launcher.stdout
    assert int(launcher.stdout.readline())
    assert launcher.stdout.readline() == "begun\n"
    launcher.kill()
    assert launcher.stderr
    # It ends with its own refusal of options that are not its own.
    assert "No such option" in launcher.stderr.read()


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
