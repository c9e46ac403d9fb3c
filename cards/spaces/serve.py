"""Spaces on this machine: for this machine alone, until Ctrl-C."""

from __future__ import annotations

import errno
import functools
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError, require

from .demo.site import settings
from .options import PORT, SpaceOptions

HOST = "127.0.0.1"


class Files(SimpleHTTPRequestHandler):
    """Serve a folder's files, with types that do not depend on the machine's own table."""

    extensions_map = {  # noqa: RUF012 (the base class has it so)
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".md": "text/markdown; charset=utf-8",
        ".py": "text/plain; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        "": "application/octet-stream",
    }

    def log_message(self, *_: Any) -> None:
        """Be quiet: who looked at what is nobody's business."""


class Server(ThreadingHTTPServer):
    """A server that says nothing where a browser goes away before it has everything."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell only of what is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve_static(folder: Path, port: int | None, ready: Callable[[str], None]) -> None:
    """Serve a folder until Ctrl-C."""
    handler = functools.partial(Files, directory=str(folder))
    asked = PORT if port is None else port
    try:
        server = Server((HOST, asked), handler)
    except OSError as error:
        raise _refused(asked, error) from None
    with server, until_ctrl_c() as end:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ready(f"http://{HOST}:{server.server_port}")
        end.wait()
        server.shutdown()


def serve_app(options: SpaceOptions, ready: Callable[[str], None]) -> None:
    """Run the Gradio Space in this process until Ctrl-C."""
    # Gradio reads it while it is imported: it would tell its makers of every start.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    require("gradio", "spaces")
    from .demo import page

    port = free_port(options.port)
    blocks = page.build(page.Settings(**settings(options)))
    with until_ctrl_c() as end:
        blocks.launch(
            server_name=HOST,
            server_port=port,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            **page.launch_options(),
        )
        ready(f"http://{HOST}:{port}")
        end.wait()
    blocks.close(verbose=False)


@contextmanager
def until_ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, or a request to terminate; a second one ends at once.

    As an exception, Ctrl-C would be lost where Python cannot raise it, such as in `__del__`.

    >>> with until_ctrl_c() as end:
    ...     signal.raise_signal(signal.SIGINT)
    ...     end.wait()
    True
    """
    end = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        restore()
        end.set()

    for number in signals:
        signal.signal(number, stop)
    try:
        yield end
    finally:
        restore()


def free_port(port: int | None) -> int:
    """A port that nobody uses."""
    asked = PORT if port is None else port
    try:
        with socket.create_server((HOST, asked)) as found:
            number: int = found.getsockname()[1]
            return number
    except OSError as error:
        raise _refused(asked, error) from None


def _refused(port: int, error: OSError) -> DataError:
    if error.errno == errno.EADDRINUSE:
        return DataError(
            f"port {port} is in use: give another --port, or --port 0 for any free one"
        )
    return DataError(
        f"port {port} cannot be used ({error.strerror}): give another --port, or --port 0 for any "
        "free one"
    )
