"""See to it that a killed build leaves nothing running, and that nothing left does harm.

datatrove's workers, and the process that counts their tasks, do not notice when the build that
started them is killed. They would go on for hours, and write the same files as the next build.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_claimed: list[IO[str]] = []
_watched: set[int] = set()
_building: list[int] = []


def claim(path: Path) -> None:
    """Wait until no other process holds this file, then hold it until the next claim."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while _claimed:
        _claimed.pop().close()
    file = path.open("w")
    fcntl.lockf(file, fcntl.LOCK_EX)
    _claimed.append(file)


def end_with(builder: int) -> None:
    """Make this process end when another ends, where the system can tell (Linux)."""
    if builder in (0, os.getpid(), *_watched) or not hasattr(os, "pidfd_open"):
        return
    _watched.add(builder)
    try:
        handle = os.pidfd_open(builder)
    except ProcessLookupError:
        os._exit(1)
    threading.Thread(target=_wait, args=(handle,), daemon=True).start()


def _wait(handle: int) -> None:
    select.select([handle], [], [])
    # Not sys.exit: nothing more may be written.
    os._exit(1)


@contextmanager
def children_end_too() -> Iterator[None]:
    """While this lasts, processes forked from this one end with it."""
    _building.append(os.getpid())
    try:
        yield
    finally:
        _building.pop()


def _forked() -> None:
    if _building:
        end_with(_building[-1])


os.register_at_fork(after_in_child=_forked)
