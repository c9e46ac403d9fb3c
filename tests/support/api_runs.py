"""Runs against a server of the tests, and what they wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from express_runners.config import RunConfig

from .fault_server import FaultServer

EXAMPLES = 6


def config(server: FaultServer, out: Path, **changed: Any) -> RunConfig:
    """A run on the sample against the fault server."""
    settings: dict[str, Any] = {
        "model": "api:org/name",
        "base_url": server.url,
        "dataset": "sample",
        "split": "test",
        "limit": EXAMPLES,
        "out": out,
        "retries": 2,
        "request_timeout": 20.0,
    }
    return RunConfig(**(settings | changed))


def lines(out: Path) -> list[dict[str, Any]]:
    """What a finished run wrote, without what differs from run to run."""
    found = [json.loads(row) for row in (out / "predictions.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in found]
