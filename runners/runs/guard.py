"""`python -m express_runners.runs.guard COMMAND...`: a command that ends when its starter does.

Standard input is a pipe from the starter. When it closes, however the starter ended, the command's
whole process group is asked to end, and killed if it does not. Processes that a launcher such as
torchrun started have no such pipe; they look after it themselves (`end_with_launcher`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PATIENCE = 15.0
MEETING = 1800.0  # seconds; nodes of a cluster may load their libraries minutes apart
_watcher = 0  # the process that watches its launcher already
# How many processes there are, as torchrun and the kinds of MPI say it.
_SIZES = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")


def main() -> int:
    """Run the command until it ends or standard input closes; its exit status is ours."""
    try:
        # In our session, by which `finish` knows it, and a group of its own.
        child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, process_group=0)
    except OSError as error:
        print(f"{sys.argv[1]} cannot be started: {error.strerror}")
        return 127

    def watch() -> None:
        while os.read(0, 4096):
            pass
        end(child)

    threading.Thread(target=watch, daemon=True).start()
    # The starter's Ctrl-C reaches us too; the pipe tells when it is time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: end(child))
    code = child.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # what a server left behind
    return code if code >= 0 else 128 - code


def start(command: Sequence[str], **how: Any) -> subprocess.Popen[Any]:
    """Start a command behind a guard; `how` is for `Popen`, and `finish` ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "express_runners.runs.guard", *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **how,
    )


def finish(process: subprocess.Popen[Any]) -> None:
    """End what `start` started, if it goes on, and all that it started."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    sweep_up(process)


def sweep_up(process: subprocess.Popen[Any]) -> None:
    """Kill what an ended guard left, which can only be where it was killed itself."""
    for pid in _members(process):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def listens(process: subprocess.Popen[Any], port: int) -> bool:
    """Whether it is a process behind this guard that listens at a port; True where nobody knows."""
    sockets = set()
    for table in Path("/proc/net").glob("tcp*"):
        for cells in map(str.split, table.read_text().splitlines()[1:]):
            if cells[3] == "0A" and int(cells[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{cells[9]}]")
    held = (file for pid in _members(process) for file in Path(f"/proc/{pid}/fd").glob("*"))
    return not sockets or any(_leads_to(file) in sockets for file in held)


def _members(process: subprocess.Popen[Any]) -> list[int]:
    """The processes of a guard's session, itself included, on Linux."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(folder.name)) == process.pid:
                found.append(int(folder.name))
    return found


def _leads_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def end(child: subprocess.Popen[bytes]) -> None:
    """End the command's process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def launched() -> bool:
    """Whether a launcher started this process, alone or with others."""
    return any(name in os.environ for name in _SIZES)


def _one_of_many() -> bool:
    return any(os.environ.get(name, "1") != "1" for name in _SIZES)


def end_with_launcher() -> None:
    """End this process once its launcher has gone: else it would wait for the others for days."""
    global _watcher

    def watch(launcher: int) -> None:
        while os.getppid() == launcher:
            time.sleep(1)
        _end("the launcher of this process has ended, and so does the process")

    if _one_of_many() and _watcher != os.getpid():
        _watcher = os.getpid()
        threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


def _end(why: str) -> None:
    """A thread cannot end the others in another way; what is finished is on the disk."""
    print(f"error: {why}", file=sys.stderr, flush=True)
    os._exit(1)


@contextlib.contextmanager
def meeting() -> Iterator[None]:
    """End this process if the others of its launch do not join it: nobody may be left to come.

    A launcher that was gone before `end_with_launcher` looked for it is not missed there. Join the
    others and wait for them within: what opens the group of NCCL waits for nobody.
    """
    missed = f"the other processes did not come within {MEETING / 60:.0f} minutes"
    timer = threading.Timer(MEETING, _end, [f"{missed}: start them all again"])
    timer.daemon = True
    if _one_of_many():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


if __name__ == "__main__":
    sys.exit(main())
