"""`python -m express_runners.runs.guard COMMAND...`: a command that ends when its starter does.

Standard input is a pipe from the starter. When it closes, however the starter ended, the command's
whole process group is asked to end, and killed if it does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

PATIENCE = 15.0


def main() -> int:
    """Run the command until it ends or standard input closes; its exit status is ours."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

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


def end(child: subprocess.Popen[bytes]) -> None:
    """End the command's process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
