"""`express study serve`: the study's page on an address, until Ctrl-C."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError, require

from .folder import read_links, read_study
from .server import build_app
from .store import Store

HOST, PORT = "127.0.0.1", 7861


@dataclass(frozen=True, slots=True)
class Served:
    """Where a study is served: its address, and each coder's link."""

    address: str
    links: dict[str, str]
    loopback: bool
    closed: str | None


def serve(folder: Path, host: str, port: int, ready: Callable[[Served], None]) -> None:
    """Serve a study until Ctrl-C.

    Args:
        folder: the study's.
        host: an address of this machine; only this machine can reach the loopback one.
        port: 0 for any free one.
        ready: called once the address answers.

    Raises:
        DataError: no study, damaged answers, or an address that cannot be used.
        MissingExtra: uvicorn or starlette is not installed.
    """
    uvicorn: Any = require("uvicorn", "study")
    require("starlette", "study")
    study = read_study(folder)
    links = read_links(folder)
    if missing := study.orders.keys() - links.keys():
        raise DataError(f"{folder}: links.json has no link for {', '.join(sorted(missing))}")
    store = Store.open(folder, study.id)
    try:
        listening = _listen(host, port)
        address = _address(host, listening.getsockname()[1])
        served = Served(
            address,
            {coder: f"{address}/c/{links[coder]}" for coder in study.orders},
            _is_loopback(host),
            store.closed(),
        )
        config = uvicorn.Config(
            build_app(study, links, store),
            # An access log would hold the tokens; the two headers would tell of the machine.
            access_log=False,
            server_header=False,
            date_header=False,
            log_level="warning",
            lifespan="off",
        )
        server = uvicorn.Server(config)
        # The socket takes connections from now on; they wait for the loop.
        ready(served)
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        store.close_connection()


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise DataError(f"--port must be from 0 to 65535, got {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(found[4][:2], family=found[0], backlog=512)
    except OSError as error:
        raise DataError(
            f"{host}, port {port} cannot be used ({error.strerror or error}): give another --host "
            "or --port, or --port 0 for any free one"
        ) from None


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
