"""A build killed with SIGKILL goes on when it is started again, and ends with the same bytes."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support import dumps

from express_dataset.construct.config import WORK

PROGRAM = """
import sys
from pathlib import Path
from express_dataset.construct.config import BuildConfig
from express_dataset.construct.pipeline import build
if __name__ == "__main__":
    made, out, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    build(BuildConfig(dumps=(made / "a.zst", made / "b.zst"), out=out, key=made / "key",
                      tokenizer=str(made / "tokenizer"), workers=workers))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 posts in two dumps with large windows; the second takes much longer."""
    folder = tmp_path_factory.mktemp("made")
    dumps.write(folder / "a.zst", dumps.ndjson(dumps.posts(400)), window_log=31)
    slow = dumps.posts(1600, every=1, first=400, seed=1)
    dumps.write(folder / "b.zst", dumps.ndjson(slow), window_log=31)
    dumps.train_tokenizer(folder / "tokenizer")
    (folder / "key").write_text("7f" * 32)
    (folder / "build.py").write_text(PROGRAM)
    return folder


@contextmanager
def started(made: Path, out: Path, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(dumps.ROOT)}
    command = [sys.executable, *map(str, (made / "build.py", made, out, workers))]
    # A session of its own, so that what a kill leaves behind can be found and ended.
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def finish(made: Path, out: Path, workers: int) -> dict[str, str]:
    with started(made, out, workers) as process:
        assert process.wait(300) == 0
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        str(one.relative_to(out)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files
    }


@pytest.fixture(scope="module")
def undisturbed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = finish(made, tmp_path_factory.mktemp("undisturbed") / "out", 1)
    assert len(found) == 5
    return found


def completed(out: Path, stage: str) -> set[str]:
    folder = out / WORK / "logs" / stage / "completions"
    return {path.name for path in folder.glob("*")}


def half_of_the_posts(out: Path) -> bool:
    return completed(out, "posts") == {"00000"}


def all_posts_but_no_report(out: Path) -> bool:
    return len(completed(out, "posts")) == 2 and len(completed(out, "pairs")) < 14


def nearly_all(out: Path) -> bool:
    return completed(out, "clusters") == {"00000"} and not completed(out, "finish")


def kill_at(process: subprocess.Popen[bytes], out: Path, moment: Callable[[Path], bool]) -> None:
    """Kill the first process of a build as soon as the moment has come."""
    end = time.monotonic() + 200
    while not moment(out):
        assert process.poll() is None, "the build ended before its moment came"
        assert time.monotonic() < end
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert not (out / "build.json").exists()


@pytest.mark.parametrize("moment", [half_of_the_posts, all_posts_but_no_report, nearly_all])
def test_a_killed_build_goes_on(
    made: Path, undisturbed: dict[str, str], tmp_path: Path, moment: Callable[[Path], bool]
) -> None:
    out = tmp_path / "out"
    with started(made, out, 1) as process:
        kill_at(process, out, moment)
    assert moment(out), "the build got further than was meant"
    assert finish(made, out, 1) == undisturbed


def test_what_was_finished_is_not_done_again(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(made, out, 1) as process:
        kill_at(process, out, half_of_the_posts)
    kept = out / WORK / "posts" / "00000.jsonl.zst"
    written = kept.stat().st_mtime_ns
    with started(made, out, 1) as process:
        kill_at(process, out, all_posts_but_no_report)
    assert kept.stat().st_mtime_ns == written


def running(session: int) -> list[str]:
    """The processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, _, owner = path.read_text().rpartition(")")[2].split()[:4]
            if int(owner) == session and state != "Z":
                found.append(path.parent.name)
    return found


def test_nothing_is_left_running_and_two_workers_go_on(
    made: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with started(made, out, 2) as process:
        while len(running(process.pid)) < 5:
            assert process.poll() is None
            time.sleep(0.01)
        kill_at(process, out, half_of_the_posts)
        end = time.monotonic() + 30
        while running(process.pid):
            assert time.monotonic() < end, "workers go on after the build was killed"
            time.sleep(0.05)
    assert finish(made, out, 2) == undisturbed


def test_a_task_waits_for_one_that_still_writes(made: Path, tmp_path: Path) -> None:
    """Where nobody ends them, as on a cluster, two tasks never write one file together."""
    lock = tmp_path / "locks" / "00000"
    program = (
        "import sys, time; from pathlib import Path\n"
        "from express_dataset.construct.orphans import claim\n"
        "claim(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(lock)]
    environment = {**os.environ, "PYTHONPATH": str(dumps.ROOT)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        subprocess.Popen(command, env=environment, **pipes) as first,
        subprocess.Popen(command, env=environment, **pipes) as second,
    ):
        assert first.stdout
        assert second.stdout
        ready, _, _ = select.select([first.stdout, second.stdout], [], [], 60)
        (holder,) = [one for one in (first, second) if one.stdout in ready]
        waiting = second if holder is first else first
        assert holder.stdout
        assert waiting.stdout
        assert waiting.stdin
        assert holder.stdout.readline() == b"held\n"
        assert select.select([waiting.stdout], [], [], 1) == ([], [], [])
        holder.kill()
        assert waiting.stdout.readline() == b"held\n"
        waiting.stdin.close()
