"""`python -m faults.adversary.forks`: commands in forks of a process that has loaded everything.

A line of JSON on standard input is a case; a line of JSON on standard output is what came of it.
Only the import, six seconds at every start, is saved: each case is a process group of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PRELOADED = (
    "datasets",
    "evaluate",
    "pyarrow.parquet",
    "transformers.models.llama.modeling_llama",
    "express_runners.cli.main",
    "express_runners.planning.sweep",
    "express_runners.runs.run",
    "express_runners.training.train",
    "express_runners.engines.causal",
    "express_cards.comparison.compare",
    "express_cards.comparison.paper",
    "express_cards.dataset.publish",
    "express_cards.reports.report",
    "express_cards.spaces.leaderboard.site",
    "express_cards.submissions.push",
    "express_cards.submissions.validate",
    "express_cards.study.page",
    "express_dataset.construct.pipeline",
)


def main() -> None:
    """Serve cases until standard input closes."""
    for name in PRELOADED:
        importlib.import_module(name)
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(outcome(json.loads(line))), flush=True)


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait within the limits, end what is left, and tell."""
    pid = os.fork()
    if pid == 0:
        be(case)
    began = time.monotonic()
    end, peak, why = began + case["seconds"], 0, ""
    ended, status = 0, 0
    # Of a launcher that is killed alone, its workers must end by themselves.
    kill = os.kill if case.get("alone") else os.killpg
    while not ended:
        peak = max(peak, held(pid))
        if not why and peak > case["bytes"]:
            why = "memory"
        elif not why and time.monotonic() > end:
            why = "time"
        if why:
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            peak = max(peak, used.ru_maxrss * 1024)
        else:
            time.sleep(0.002)
    took = time.monotonic() - began
    left = patient(pid, case.get("patience", 10))
    for one in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "over": why, "peak": peak, "left": len(left), "seconds": took}


def patient(pid: int, seconds: float) -> list[int]:
    """The processes of a session that are there after so many seconds still."""
    end = time.monotonic() + seconds
    while (left := session(pid)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def held(pid: int) -> int:
    """The most memory that a process has held at a time, in bytes."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.partition("VmHWM:")[2].split()[0]) * 1024
    return 0


def session(leader: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, owner = path.read_text().rpartition(")")[2].split()[:4]
            if int(owner) == leader and state != "Z":
                found.append(int(path.parent.name))
    return found


def be(case: dict[str, Any]) -> None:
    """Be `express` with these words; never returns."""
    os.setsid()
    os.environ.update(case["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 70
    try:
        code = called(case["function"], case["words"], case["folder"], case["out"], case["err"])
    finally:
        os._exit(code)


def called(function: str, words: Sequence[str], folder: str, out: str, err: str) -> int:
    """Call a function as a command in a folder, its output to files; return its exit code."""
    os.chdir(folder)
    for number, name in ((1, out), (2, err)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["express", *words]
    try:
        module, _, name = function.rpartition(".")
        getattr(importlib.import_module(module), name)()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 (as the interpreter does at its end)
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return code


if __name__ == "__main__":
    main()
