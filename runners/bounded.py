"""Work on what a stranger wrote, tried in a process of its own that may be ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def ends_within(work: Callable[[], object], seconds: int, growth: int) -> bool:
    """Whether a piece of work comes to an end, if only by an error of its own.

    Args:
        seconds: of computing that it may take; three times as many may pass.
        growth: bytes that it may take beyond what this process holds.

    >>> ends_within(lambda: sum(range(9)), 1, 1 << 28)
    True
    """
    if not hasattr(os, "fork"):
        return True
    child = os.fork()
    if child == 0:
        code = 0
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):
                os.dup2(silent, stream)
            _limit(seconds, growth)
            work()
        except MemoryError:
            code = 1
        finally:
            os._exit(code)
    late = threading.Timer(3 * seconds, _kill, (child,))
    late.start()
    try:
        return os.waitpid(child, 0)[1] == 0
    except BaseException:
        _kill(child)
        raise
    finally:
        late.cancel()


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
