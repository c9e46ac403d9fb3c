"""The way to a server: what it may send is bounded, and no secret of ours comes back from it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

try:
    import httpx2 as httpx
except ModuleNotFoundError:  # an older huggingface_hub brings its forerunner
    import httpx  # type: ignore[no-redef]

from express_metric.errors import one_line

from ...errors import RunError
from .faults import PassingFault

__all__ = ["BoundedTransport", "httpx", "quoted", "secrets", "without"]

MOST_BYTES = 16 * 2**20
"""Of one answer; 256 tokens take some thousand bytes, long reasoning some hundred thousand."""
# A shorter one could be any word; no real key is so short.
SHORTEST_KEY = 8


class BoundedTransport(httpx.AsyncBaseTransport):
    """Asks for answers as they are, not packed, and cuts off one that does not end."""

    def __init__(self, limits: httpx.Limits) -> None:
        self._inner = httpx.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask once.

        Raises:
            RunError: the server sends us elsewhere.
            PassingFault: the answer is packed, or longer than any answer is.
        """
        request.headers["accept-encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if 300 <= response.status_code < 400:
            there = quoted(response.headers.get("location", "nowhere"))
            await response.aclose()
            raise RunError(
                f"{request.url} sends requests elsewhere (status {response.status_code}, to "
                f"{there}): give the address that answers as --base-url."
            )
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("", "identity"):
            await response.aclose()
            raise PassingFault(f"its answer is packed ({quoted(packed)}), though not asked so")
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


class _Bounded(httpx.AsyncByteStream):
    """A body that is cut off where it grows too long."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        whole = 0
        async for piece in self._stream:
            whole += len(piece)
            if whole > MOST_BYTES:
                raise PassingFault(f"its answer is longer than {MOST_BYTES // 2**20} MiB")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def secrets(key: str | None) -> tuple[str, ...]:
    """A key, and what it looks like inside base64 at any offset.

    >>> found = secrets("a-real-key-0123")
    >>> found[0], all(len(form) > 10 for form in found)
    ('a-real-key-0123', True)
    >>> secrets("k")
    ()
    """
    if not key or len(key) < SHORTEST_KEY:
        return ()
    forms = [key]
    for offset in range(3):
        raw = base64.b64encode(b"\0" * offset + key.encode()).decode().rstrip("=")
        # The first and the last digits also hold bits of what stands beside the key.
        forms.append(raw[(offset * 4 + 2) // 3 + (offset > 0) : -1])
    return tuple(forms)


def without(text: str, forms: tuple[str, ...]) -> str:
    """A text in which no form of a key stands."""
    for form in forms:
        text = text.replace(form, "***")
    return text


def quoted(text: str, most: int = 300) -> str:
    """What a server says, as one line that is not long."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[:most]}..."
