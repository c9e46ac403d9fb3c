"""Ctrl-C ends a run with one sentence, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.fault_server import Fault, FaultServer, serving
from support.launching import finish, start, wait_until, written

EXAMPLES = 6


@pytest.mark.parametrize("answered", [0, 3])
def test_a_run_that_is_stopped_says_what_is_kept_and_goes_on(tmp_path: Path, answered: int) -> None:
    out = tmp_path / "run"
    options: dict[str, object] = {"model": "api:org/name", "dataset": "sample", "out": out}
    options |= {"limit": EXAMPLES, "concurrency": 2}
    with serving(FaultServer([Fault("none")] * answered, always=Fault("hang"))) as server:
        options["base-url"] = server.url
        process = start(options)
        wait_until(lambda: len(server.seen) == answered + 2, process)
        wait_until(lambda: written(out) == answered, process)
        process.send_signal(signal.SIGINT)
        out_text, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert out_text == ""
        assert "Traceback" not in err
        kept = f"{answered} of {EXAMPLES} answers are kept, and the same command goes on"
        assert err.strip().splitlines()[-1] == f"stopped: {kept}."
        assert out.exists() is bool(answered)
        server.always = None
        server.seen.clear()
        finish(start(options))
        assert len(server.seen) == EXAMPLES - answered


@pytest.fixture
def stopping(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sweep whose one run waits for a server that never answers."""
    with serving(FaultServer(always=Fault("hang"))) as server:
        (tmp_path / "mine.yaml").write_text(
            f"out: {tmp_path / 'runs'}\n"
            f"options: {{dataset: sample, limit: 2, base-url: {server.url!r}}}\n"
            "models: ['api:org/name']\nsettings: [{name: zero, prompt: zero-shot}]\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "express_runners.cli", "sweep", str(tmp_path / "mine.yaml")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_until(lambda: bool(server.seen), process)
        yield process


def running(words: str) -> list[str]:
    """The processes whose command says this."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_text("utf-8", "replace"))
    return [one for one in found if words in one]


def test_a_sweep_that_is_stopped_says_so(stopping: subprocess.Popen[str]) -> None:
    time.sleep(0.1)
    # As a terminal does: to every process of the group.
    os.killpg(stopping.pid, signal.SIGINT)
    out, err = stopping.communicate(timeout=60)
    assert stopping.returncode == 130
    assert out == ""
    assert err.strip().splitlines()[-1] == (
        "stopped: 0 of 1 runs are done, and the same command goes on."
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_ends_with_its_sweep(
    number: signal.Signals, stopping: subprocess.Popen[str], tmp_path: Path
) -> None:
    out = str(tmp_path / "runs")
    assert running(out)
    stopping.send_signal(number)
    stopping.communicate(timeout=60)
    end = time.monotonic() + 60
    while running(out):
        assert time.monotonic() < end, "the run goes on without its sweep"
        time.sleep(0.05)
