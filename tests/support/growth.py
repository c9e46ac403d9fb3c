"""How a function's time grows with its input, told by the ratio of two sizes and not by a clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def growth(work: Callable[[str], object], text: Callable[[int], str], size: int = 100_000) -> float:
    """How many times longer four times as much takes: about 4 if it is linear, 16 if quadratic."""

    def seconds(count: int) -> float:
        given = text(count)
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            work(given)
            best = min(best, time.process_time() - began)
        return best

    return seconds(4 * size) / max(seconds(size), 1e-3)
