"""`express sweep FILE.yaml`: models times settings, each a run in a process of its own.

A run that fails, or is killed for its memory, ends neither the sweep nor the other runs. The same
command again does what is not done yet.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from ..errors import RunError
from ..runs import guard
from ..runs.store import SCORES_FILE, read_json, write_json
from .sweep_file import Job, Sweep

LOGS = "logs"
Status = Literal["waiting", "done", "failed"]


@dataclass(slots=True)
class Result:
    """What became of one run; `sentence` says why it failed."""

    name: str
    folder: str
    status: Status = "waiting"
    seconds: float = 0.0
    sentence: str = ""
    by: str = ""  # the machine, and the share of a sweep that is dealt to several
    options: dict[str, Any] = field(default_factory=dict)


def run_sweep(sweep: Sweep, told: Callable[[Result, int, int], None]) -> list[Result]:
    """Start every run that is not done yet, one after the other; what became of each, in order.

    `told` is called with a result, its number and their count, before a run starts (its status is
    "waiting") and when it has ended.
    """
    try:
        (sweep.out / LOGS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{sweep.out} cannot be made ({error.strerror}): give another") from error
    with _alone(sweep):
        return _run_all(sweep, told)


@contextmanager
def _alone(sweep: Sweep) -> Iterator[None]:
    """Hold the sweep's folder, so that the same sweep is not run twice at once."""
    from filelock import FileLock, Timeout

    lock = FileLock(sweep.state.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(
            f"{sweep.out}: this sweep is running already; wait for it, or give another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _run_all(sweep: Sweep, told: Callable[[Result, int, int], None]) -> list[Result]:
    results = status(sweep)
    # A part of a sweep, such as one model's, forgets nothing of the rest.
    names = {result.name for result in results}
    before = _before(sweep.state) if sweep.state.is_file() else {}
    others = [run for name, run in before.items() if name not in names]
    try:
        for number, (job, result) in enumerate(zip(sweep.jobs, results, strict=True), 1):
            if result.status != "done":
                result.status, result.sentence = "waiting", ""
                result.by = f"{socket.gethostname()} {sweep.share}".strip()
                told(result, number, len(results))
                _start(sweep, job, result)
                write_json(sweep.state, {"runs": [*others, *map(asdict, results)]})
            told(result, number, len(results))
    except KeyboardInterrupt:
        done = f"{sum(r.status == 'done' for r in results)} of {len(results)} runs are done"
        print(f"stopped: {done}, and the same command goes on.", file=sys.stderr)
        raise
    return results


def status(sweep: Sweep) -> list[Result]:
    """What is known of each run from before, whichever task did it; starts nothing."""
    before: dict[str, dict[str, Any]] = {}
    for file in sorted(sweep.out.glob("sweep*.json")):
        for name, run in _before(file).items():
            if run["status"] != "waiting" or name not in before:
                before[name] = run
    results = []
    for job in sweep.jobs:
        folder = sweep.out / job.name
        result = Result(job.name, str(folder), options=job.options)
        old = before.get(job.name)
        if old and old["options"] == job.options:
            finished = old["status"] == "done" and (folder / SCORES_FILE).is_file()
            result.status = "done" if finished else "failed" if old["sentence"] else "waiting"
            result.seconds, result.sentence = old["seconds"], old["sentence"]
            result.by = str(old.get("by", ""))
        results.append(result)
    return results


def _before(file: Path) -> dict[str, dict[str, Any]]:
    """What `sweep.json` tells of each run, by name."""
    mend = "remove it; every run then goes on from its own folder"
    runs = read_json(file, mend).get("runs")
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("name", "status", "sentence"), str),
        "seconds": (int, float),
        "options": dict,
    }
    right = isinstance(runs, list) and all(
        isinstance(run, dict) and all(isinstance(run.get(k), kind) for k, kind in kinds.items())
        for run in runs
    )
    if not right:
        raise RunError(f"{file} does not tell what became of each run: {mend}")
    return {run["name"]: run for run in runs or ()}


def _start(sweep: Sweep, job: Job, result: Result) -> None:
    """Run one job to its end; its output goes to a log."""
    log = sweep.out / LOGS / f"{job.name.replace('/', '--')}.log"
    launcher = list(sweep.launch) or [sys.executable]
    if shutil.which(launcher[0]) is None:
        raise RunError(
            f"launch: there is no command {launcher[0]!r} here; install it or leave 'launch' out"
        )
    started, code = time.monotonic(), 0
    with log.open("wb") as stream:
        for command in job.commands(Path(result.folder)):
            code = code or _guarded([*launcher, *command], stream)
    result.seconds = round(time.monotonic() - started, 1)
    result.status = "failed" if code else "done"
    result.sentence = _why(code, log) if code else ""


def _guarded(command: Sequence[str], log: IO[bytes]) -> int:
    """Run a command that ends with this process, however this ends; return its exit status."""
    process = guard.start(command, stdout=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        return process.wait()
    finally:
        guard.finish(process)


def _why(code: int, log: Path) -> str:
    """One sentence on a run that failed: its own error, or the signal that ended it."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if errors:
        return errors[-1].removeprefix("error: ")
    if code > 128:
        hint = " (often the system, for want of memory)" if code == 128 + signal.SIGKILL else ""
        return f"it was killed by signal {code - 128}{hint}; see {log}"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"it ended with exit code {code}: {last} (see {log})"


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "run"), counted(44, "run")
    ('1 run', '44 runs')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


NO_RUN = "No run of the sweep falls to this share: there are more shares than runs."


def as_text(results: Sequence[Result]) -> str:
    """The table of a sweep."""
    if not results:
        return NO_RUN
    width = max((len(result.name) for result in results), default=0)
    lines = [
        f"{r.name:<{width}}  {r.status:<7}  {r.seconds:>8.1f} s  {r.by}  {r.sentence}".rstrip()
        for r in results
    ]
    counts = {
        name: sum(r.status == name for r in results) for name in ("done", "failed", "waiting")
    }
    summary = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    return "\n".join([*lines, "", f"{summary} of {len(results)} runs"])
