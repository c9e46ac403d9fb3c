"""Time and strain the construction pipeline on invented dumps.

    python tests/benchmarks/bench_build.py [all|kill|speed|memory] [--scale 1.0] [--before CHECKOUT]

- kill: 200,000 posts in two .zst files with windows of 2 GiB build; the build is killed by SIGKILL
  midway, goes on, and must end with the same bytes as an undisturbed one.
- speed: megabytes of raw NDJSON per second where one post in a hundred matches, where the time
  goes, two workers against one, and one against another version of this project.
- memory: the peak of one process for a dump and for one ten times as large.

Every build is a process of its own. Figures are printed as JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import dumps  # noqa: E402 (the folder must be known first)

from express_dataset.construct.config import WORK  # noqa: E402
from express_dataset.construct.forms import blocks, chunks  # noqa: E402
from express_dataset.construct.gate import Gate, LineGate  # noqa: E402
from express_dataset.construct.masking import mask_texts  # noqa: E402
from express_dataset.construct.reddit import Dump, whole_text, why_not  # noqa: E402
from express_dataset.construct.scrub import scrub  # noqa: E402
from express_dataset.construct.segment import segment  # noqa: E402
from express_dataset.construct.tokens import load_tokenizer  # noqa: E402

PROGRAM = """
import sys
from contextlib import suppress
from pathlib import Path
with suppress(ImportError):  # as the command does; a version before had no such module
    import express_dataset.construct.lean
from express_dataset.construct.config import BuildConfig
from express_dataset.construct.pipeline import build
if __name__ == "__main__":
    made, out, workers, *names = sys.argv[1:]
    made = Path(made)
    build(BuildConfig(dumps=tuple(made / name for name in names), out=Path(out), key=made / "key",
                      tokenizer=str(made / "tokenizer"), workers=int(workers)))
"""


def prepare(folder: Path) -> None:
    """What every build needs beside its dumps."""
    dumps.train_tokenizer(folder / "tokenizer")
    (folder / "key").write_text("7f" * 32)
    (folder / "build.py").write_text(PROGRAM)


def dump(path: Path, count: int, first: int, window_log: int = 31) -> Path:
    """A dump in which one post in a hundred matches."""
    made = dumps.ndjson(dumps.posts(count, every=100, first=first, seed=first))
    return dumps.write(path, made, window_log=window_log)


def start(
    folder: Path, out: Path, workers: int, *names: str, by: Path = ROOT
) -> subprocess.Popen[bytes]:
    """Start a build by the version of this project in the checkout `by`."""
    command = [sys.executable, *map(str, (folder / "build.py", folder, out, workers, *names))]
    environment = {**os.environ, "PYTHONPATH": str(by), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, start_new_session=True)


def finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for a build to end well, and tell its peak memory in MB."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a build failed with {process.returncode}")
    return usage.ru_maxrss // 1024


def timed(folder: Path, out: Path, workers: int, *names: str, by: Path = ROOT) -> tuple[float, int]:
    """Seconds and peak memory of a whole build."""
    began = time.perf_counter()
    peak = finish(start(folder, out, workers, *names, by=by))
    return round(time.perf_counter() - began, 2), peak


def hashes(out: Path) -> dict[str, str]:
    """What a build has written."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        str(one.relative_to(out)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files
    }


def kill(folder: Path, scale: float, _before: Path | None = None) -> dict[str, Any]:
    """Show 3: killed midway, the same bytes."""
    count = int(100_000 * scale)
    names = ("a.zst", "b.zst")
    for number, name in enumerate(names):
        dump(folder / name, count, first=number * count)
    seconds, _ = timed(folder, folder / "undisturbed", 1, *names)
    out = folder / "killed"
    process = start(folder, out, 1, *names)
    marker = out / WORK / "logs" / "posts" / "completions" / "00000"
    while not marker.exists():
        if process.poll() is not None:
            raise SystemExit("the build ended before it could be killed")
        time.sleep(0.01)
    time.sleep(seconds / 20)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    unfinished = not (out / "build.json").exists()
    again, _ = timed(folder, out, 1, *names)
    report = json.loads((out / "build.json").read_text())
    return {
        "posts": report["steps"]["lines"],
        "segments": report["splits"],
        "undisturbed_s": seconds,
        "killed_unfinished": unfinished,
        "after_the_kill_s": again,
        "same_bytes": hashes(out) == hashes(folder / "undisturbed"),
        "checks": report["checks"],
    }


def speed(folder: Path, scale: float, before: Path | None = None) -> dict[str, Any]:
    """Show 2: megabytes a second, where they go, the second worker, and another version."""
    names = ("c.zst", "d.zst")
    for number, name in enumerate(names):
        dump(folder / name, int(800_000 * scale), first=number * 10**7)
    told: dict[str, Any] = {
        "where_the_time_goes_s": profile(folder / "c.zst", folder / "tokenizer")
    }
    megabytes = told["where_the_time_goes_s"].pop("megabytes") * len(names)
    for workers in (1, 2):
        seconds, _ = timed(folder, folder / f"speed{workers}", workers, *names)
        told[f"workers_{workers}"] = {"seconds": seconds, "MB_per_s": round(megabytes / seconds)}
    told["megabytes"] = round(megabytes)
    told["ratio"] = round(told["workers_1"]["seconds"] / told["workers_2"]["seconds"], 2)
    told["same_bytes"] = hashes(folder / "speed1") == hashes(folder / "speed2")
    if before:
        seconds, _ = timed(folder, folder / "before", 1, *names, by=before)
        ours, theirs = hashes(folder / "speed1"), hashes(folder / "before")
        told["before"] = {
            "seconds": seconds,
            "MB_per_s": round(megabytes / seconds),
            "times": round(seconds / told["workers_1"]["seconds"], 2),
            "other_files": sorted(
                n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n)
            ),
        }
    return told


def profile(path: Path, tokenizer_folder: Path) -> dict[str, float]:
    """Seconds of each step for one dump, each run for all posts that reach it."""
    import orjson

    told: dict[str, float] = {}

    def clock(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = work()
        told[name] = round(time.perf_counter() - began, 3)
        return found

    def drain(items: Iterator[Any]) -> None:
        for _ in items:
            pass

    told["megabytes"] = 0.0
    size = clock("decompress", lambda: sum(map(len, chunks(path))))
    clock("and cut into blocks", lambda: drain(blocks(chunks(path))))
    told["cut into blocks"] = round(told.pop("and cut into blocks") - told["decompress"], 3)
    # The rest on a part that fits into memory, then for the whole.
    part = [block for _, block in zip(range(25), blocks(chunks(path)), strict=False)]
    share = size / sum(map(len, part))
    line_gate = LineGate("express")
    kept = clock("gate of lines", lambda: [line_gate.split(block)[0] for block in part])
    read = [line for some in kept for line in some]
    records = clock("parse JSON", lambda: [orjson.loads(line) for line in read])
    useful = clock("reasons to drop", lambda: [one for one in records if not why_not(one, 50)])
    gate = Gate("express")
    texts = [whole_text(one) for one in useful]
    flags = clock("gate of posts", lambda: gate.may_match(texts))
    passed = [text for text, flag in zip(texts, flags, strict=True) if flag]
    scrubbed = clock("scrub", lambda: [scrub(text) for text in passed])
    next(mask_texts(["I was sad."]))
    masked = clock("mask (spaCy)", lambda: list(mask_texts(scrubbed)))
    tokenizer = load_tokenizer(str(tokenizer_folder))
    clock(
        "segment",
        lambda: [segment(one.text, one.labels, tokenizer) for one in masked if one.labels],
    )
    parts = ("gate of lines", "parse JSON", "reasons to drop", "gate of posts", "scrub")
    for name in (*parts, "mask (spaCy)", "segment"):
        told[name] = round(told[name] * share, 3)
    told["sum"] = round(sum(told.values()), 2)
    told["megabytes"] = round(size / 1e6, 1)
    for name, skim in (("read all", False), ("read what can match", True)):
        whole = Dump(path, skim=skim)
        clock(name, lambda whole=whole: drain(whole.posts()))  # type: ignore[misc]
        told[f"{name}, MB per s"] = round(size / 1e6 / told[name])
    return told


def memory(folder: Path, scale: float, _before: Path | None = None) -> dict[str, Any]:
    """Show 2: the same peak for ten times as much. A window of 8 MiB, because a decoder must
    hold as much of a file as the window is long, whoever reads it."""
    told = {}
    for name, count in (("e.zst", 30_000), ("f.zst", 300_000)):
        dump(folder / name, int(count * scale), first=0, window_log=23)
        _, peak = timed(folder, folder / f"out-{name}", 1, name)
        told[f"{int(count * scale):,} posts"] = f"{peak} MB"
    return told


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    shows = {"kill": kill, "speed": speed, "memory": memory}
    parser.add_argument("show", nargs="?", default="all", choices=["all", *shows])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--before", type=Path, help="a checkout to compare the speed with")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for show, run in shows.items():
            if asked.show in ("all", show):
                print(
                    json.dumps({show: run(folder, asked.scale, asked.before)}, indent=1), flush=True
                )


if __name__ == "__main__":
    main()
