"""Several servers of one model: each request goes to the one that has least to do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .faults import PassingFault

# A server that failed is left alone for so many seconds, as long as another is well.
REST = 5.0


class Addresses:
    """One queue for all servers, each as fast as it can."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._busy = dict.fromkeys(urls, 0)
        self._rests_until = dict.fromkeys(urls, 0.0)

    def __len__(self) -> int:
        return len(self._busy)

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address for one request, which counts as busy until it has ended.

        >>> here = Addresses(["a", "b"])
        >>> with here.one() as first, here.one() as second:
        ...     sorted([first, second])
        ['a', 'b']
        """
        now = time.monotonic()
        awake = [url for url, until in self._rests_until.items() if until <= now]
        url = min(awake or self._busy, key=self._busy.__getitem__)
        self._busy[url] += 1
        try:
            yield url
        except PassingFault:
            self._rests_until[url] = time.monotonic() + REST
            raise
        finally:
            self._busy[url] -= 1
