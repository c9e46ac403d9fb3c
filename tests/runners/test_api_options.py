"""The options of served models, the keys, and the waiting, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_runners.config import RunConfig
from express_runners.engines.api import faults
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.server import HF_ROUTER, api_key

LOCAL = "http://localhost:8000/v1"
WRONG = {
    "a server for a local model": (
        {"model": "org/name", "base_url": LOCAL},
        "--model api:org/name",
    ),
    "no name": ({"model": "api:"}, "lacks the name"),
    "no address": ({"base_url": "localhost:8000"}, "must be an address like"),
    "another scheme": ({"base_url": "ftp://localhost/v1"}, "must be an address like"),
    "no host": ({"base_url": "http:///v1"}, "must be an address like"),
    "a port that is none": ({"base_url": "http://localhost:99999/v1"}, "must be an address like"),
    "a password": ({"base_url": "https://me:secret@host/v1"}, "EXPRESS_API_KEY"),
    "a key in the query": ({"base_url": "https://host/v1?key=secret"}, "EXPRESS_API_KEY"),
    "no request at all": ({"concurrency": 0}, "--concurrency must be at least 1, got 0"),
    "no token": ({"max_total_tokens": 0}, "--max-total-tokens must be at least 1, got 0"),
    "fewer than no retries": ({"retries": -1}, "--retries must be at least 0, got -1"),
    "no time": ({"request_timeout": 0.0}, "--request-timeout must be seconds above 0, got 0"),
    "not a time": ({"request_timeout": float("nan")}, "--request-timeout must be seconds"),
}


@pytest.mark.parametrize(("changed", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_option_is_refused_in_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    settings: dict[str, Any] = {"model": "api:org/name", "out": Path("runs/x")}
    with pytest.raises(RunError) as error:
        RunConfig(**(settings | changed))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_served_model_needs_no_files() -> None:
    model = resolve("api:org/name:fastest")
    assert (model.name, model.family, model.revision) == ("org/name:fastest", "api", "served")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (HF_ROUTER, "hf_login"),
        ("https://abc.us-east-1.aws.endpoints.huggingface.cloud/v1", "hf_login"),
        ("https://org-space.hf.space/v1", "hf_login"),
        ("https://nothuggingface.co/v1", None),
        ("https://huggingface.co.evil.example/v1", None),
        ("https://api.openai.com/v1", "sk-openai"),
        ("https://api.openai.com.evil.example/v1", None),
        (LOCAL, None),
    ],
)
def test_a_key_goes_to_its_owner_only(
    url: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXPRESS_API_KEY", raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_login")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert api_key(url) == key
    monkeypatch.setenv("EXPRESS_API_KEY", "given for this run")
    assert api_key(url) == "given for this run"


def test_the_router_without_a_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("EXPRESS_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(RunError, match="hf auth login"):
        api_key(HF_ROUTER)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "one", "code": 1}}', "one"),
        (b'{"error": "two"}', "two"),
        (b'{"detail": "three"}', "three"),
        (b'{"detail": [{"loc": ["model"]}]}', '{"detail": [{"loc": ["model"]}]}'),
        (b"<html>four</html>", "<html>four</html>"),
        (b"[5]", "[5]"),
        (b'{"error": {}}', '{"error": {}}'),
        (b"\xff", "�"),
        (b"", "it gives no reason"),
    ],
)
def test_the_server_s_own_words_are_found(body: bytes, message: str) -> None:
    assert faults.server_message(body) == message


def test_retry_after_is_a_number_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = faults.retry_after(soon)
    assert found is not None
    assert 60 < found <= 90
    assert faults.retry_after(" 7 ") == 7.0
    assert faults.retry_after("-7") is None
    assert faults.retry_after("") is None
    assert faults.retry_after(None) is None


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e6))
def test_a_wait_grows_to_its_limit_and_honours_the_server(
    attempt: int, asked: float | None
) -> None:
    wait = faults.wait_before(attempt, asked)
    least = min(faults.LONGEST_WAIT, faults.FIRST_WAIT * 2.0 ** min(attempt, 30)) / 2
    assert wait >= max(least, asked or 0.0)
    assert wait <= max(2 * least, (asked or 0.0) + faults.FIRST_WAIT)


def test_waits_differ_by_chance() -> None:
    assert len({faults.wait_before(3, None) for _ in range(20)}) > 10
    assert len({faults.wait_before(3, 100.0) for _ in range(20)}) > 10
