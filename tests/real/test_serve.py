"""`--serve transformers` through the API engine, against the causal engine."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from support.tiny_models import make

from express_runners.config import RunConfig
from express_runners.runs.run import run

SAME = ("id", "references", "completion", "terms", "reason", "finish")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server, too, must not ask the Hub for what lies in a folder."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def both(folder: Path, out: Path, limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same run by the causal engine and through a server."""
    settings: dict[str, Any] = {"dataset": "sample", "split": "test", "limit": limit}
    settings |= {"device": "cpu", "model": str(folder)}
    local = run(RunConfig(out=out / "local", dtype="float32", **settings))
    # One at a time and with patience: this server works through the requests one by one.
    settings |= {"serve": "transformers", "concurrency": 1, "request_timeout": 600.0}
    served = run(RunConfig(out=out / "served", **settings))
    assert local is not None
    assert served is not None
    return local.lines, served.lines


def check_same(local: list[dict[str, Any]], served: list[dict[str, Any]]) -> None:
    """The same predictions, from prompts of the same length."""
    assert [{k: line[k] for k in SAME} for line in served] == [
        {k: line[k] for k in SAME} for line in local
    ]
    if version("transformers").startswith(("5.0.", "5.1.", "5.2.", "5.3.", "5.4.")):
        return  # that server counts nothing
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
