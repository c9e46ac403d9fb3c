"""What the demo's server takes: no file, and nothing larger than a long post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MOST_BYTES = 1_000_000
"""Of one request; a post that is too long for the demo is told so up to here."""

_CLOSED = ("/upload", "/upload_progress", "/component_server")

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class Guard:
    """Stands before the app (ASGI): Gradio takes uploads even where a page asks for none."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before any of its body is read."""
        status = refusal(scope) if scope["type"] == "http" else None
        if status is None:
            await self._app(scope, receive, send)
            return
        head = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"This page takes no such request.\n"})


def refusal(scope: Message) -> int | None:
    """The status with which a request is refused; None for one that may pass.

    >>> refusal({"method": "POST", "path": "/gradio_api/upload", "headers": []})
    404
    """
    if scope["path"].rstrip("/").endswith(_CLOSED):
        return 404
    if scope["method"] in ("GET", "HEAD"):
        return None
    length = dict(scope["headers"]).get(b"content-length", b"")
    if not length.isdigit():
        return 411
    return 413 if int(length) > MOST_BYTES else None
