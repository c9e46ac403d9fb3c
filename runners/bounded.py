"""Work on what a stranger wrote, tried in a process of its own that may be ended."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any


def within(work: Callable[[], object], seconds: int, growth: int) -> Any:
    """What a piece of work returns, by way of JSON; None where it ends by an error of its own.

    Whoever gets None may do the work again to see that error. Without forks nothing is tried, and
    None is returned.

    Args:
        seconds: of computing that it may take; three times as many may pass.
        growth: bytes that it may take beyond what this process holds.

    Raises:
        TimeoutError: it takes more.

    >>> within(lambda: sum(range(9)), 1, 1 << 28)
    36
    """
    if not hasattr(os, "fork"):
        return None
    with TemporaryFile() as told:
        _fork(work, seconds, growth, told.fileno())
        told.seek(0)
        return json.loads(told.read() or b"null")


def _fork(work: Callable[[], object], seconds: int, growth: int, told: int) -> None:
    child = os.fork()
    if child == 0:
        code = 0
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):
                os.dup2(silent, stream)
            _limit(seconds, growth)
            result = json.dumps(work()).encode()
            with open(told, "wb", closefd=False) as file:
                file.write(result)
        except MemoryError:
            code = 1
        finally:
            os._exit(code)
    late = threading.Timer(3 * seconds, _kill, (child,))
    late.start()
    try:
        ended_well = os.waitpid(child, 0)[1] == 0
    except BaseException:
        _kill(child)
        raise
    finally:
        late.cancel()
    if not ended_well:
        raise TimeoutError


def _limit(seconds: int, growth: int) -> None:
    import resource

    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    statm = Path("/proc/self/statm")
    if statm.exists():
        held = int(statm.read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (held + growth, held + growth))


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
