"""A real local server (`transformers serve`) through the API engine, against the causal engine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

from support.tiny_models import make

from express_runners.config import RunConfig
from express_runners.runs.run import run

SAME = ("id", "references", "completion", "terms", "reason", "finish")


@contextmanager
def serve(folder: Path, log: Path) -> Iterator[str]:
    """Serve one model in float32 on a free port; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder)]
    command += ["--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1"]
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        try:
            deadline = time.monotonic() + 180
            while not _is_up(address):
                assert server.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < deadline, "the server did not start in three minutes"
                time.sleep(0.2)
            yield f"{address}/v1"
        finally:
            server.kill()
            server.wait()


def _is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


def both(folder: Path, out: Path, limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same run by the causal engine and through a server."""
    settings: dict[str, Any] = {"dataset": "sample", "split": "test", "limit": limit}
    settings |= {"device": "cpu", "dtype": "float32"}
    local = run(RunConfig(model=str(folder), out=out / "local", **settings))
    with serve(folder, out / "server.log") as url:
        # One at a time and with patience: this server works through the requests one by one.
        settings |= {"base_url": url, "concurrency": 1, "request_timeout": 600.0}
        served = run(RunConfig(model=f"api:{folder}", out=out / "served", **settings))
    assert local is not None
    assert served is not None
    return local.lines, served.lines


def check_same(local: list[dict[str, Any]], served: list[dict[str, Any]]) -> None:
    """The same predictions, from prompts of the same length."""
    assert [{k: line[k] for k in SAME} for line in served] == [
        {k: line[k] for k in SAME} for line in local
    ]
    # The server counts what it was sent: the chat template is applied once, with one BOS.
    assert [line["prompt_tokens"] for line in served] == [line["prompt_tokens"] for line in local]


def test_a_tiny_llama_behind_a_server_answers_as_it_does_here(tmp_path: Path) -> None:
    local, served = both(make("llama", tmp_path / "tiny", chat=True), tmp_path, limit=6)
    check_same(local, served)
    assert len({line["completion"] for line in served}) > 3, "answers should differ"


def test_smollm2_behind_a_server_answers_as_it_does_here(smollm2: Path, tmp_path: Path) -> None:
    local, served = both(smollm2, tmp_path, limit=2)
    check_same(local, served)
    assert all(line["completion"] for line in served)
