"""Servers that send too much, too slowly, elsewhere, or something else than they say."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.api_runs import config, lines
from support.fault_server import Fault, FaultServer, completion, serving

from express_runners.engines.api import faults
from express_runners.engines.api.transport import MOST_BYTES, secrets, without
from express_runners.errors import RunError
from express_runners.runs.run import run
from express_runners.server import api_key

KEY = "sk-proj-0123456789abcdef"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "FIRST_WAIT", 0.01)
    for name in ("EXPRESS_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def body(**changed: Any) -> bytes:
    """A chat completion with something changed."""
    return json.dumps(completion('["sad"]', "m") | changed).encode()


def said(**message: Any) -> bytes:
    """A chat completion with this message."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return body(choices=[choice])


@pytest.mark.parametrize("kind", ["trickle", "continued"])
def test_a_request_has_a_deadline_whatever_comes(kind: str, tmp_path: Path) -> None:
    with serving(FaultServer(always=Fault(kind))) as server:
        began = time.monotonic()
        asked = config(server, tmp_path / "run", request_timeout=0.5, retries=1, limit=2)
        with pytest.raises(RunError, match=r"no whole answer within 0\.5 s"):
            run(asked)
        # Two attempts of half a second; the server would go on for a minute.
        assert time.monotonic() - began < 30


def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    with serving(FaultServer(always=Fault("endless"))) as server:
        with pytest.raises(RunError, match="its answer is longer than 16 MiB"):
            run(config(server, tmp_path / "run", retries=0, limit=1))
        assert server.sent < 4 * MOST_BYTES


def test_a_packed_answer_is_not_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b" " * 2**24)
    fault = Fault("status", 200, packed, (("Content-Encoding", "gzip"),))
    with serving(FaultServer(always=fault)) as server:
        with pytest.raises(RunError, match=r"its answer is packed \(gzip\)"):
            run(config(server, tmp_path / "run", retries=0, limit=1))
        assert server.seen[0].headers["accept-encoding"] == "identity"


def test_a_redirect_is_told_once_with_the_address(tmp_path: Path) -> None:
    fault = Fault("status", 307, b"", (("Location", "https://elsewhere.example/v1"),))
    with serving(FaultServer(always=fault)) as server:
        with pytest.raises(RunError, match=r"status 307, to https://elsewhere\.example/v1\): give"):
            run(config(server, tmp_path / "run", limit=1))
        assert len(server.seen) == 1


def test_an_error_under_status_200_ends_the_run_in_the_servers_words(tmp_path: Path) -> None:
    told = b'{"error": {"message": "model not\\u001b[31m loaded", "code": "no_model"}}'
    with serving(FaultServer(always=Fault("status", 200, told))) as server:
        with pytest.raises(RunError, match=r"answers with an error \(model not\[31m loaded\)"):
            run(config(server, tmp_path / "run", limit=1))
        assert len(server.seen) == 1


def test_a_passing_error_under_status_200_is_tried_again(tmp_path: Path) -> None:
    busy = b'{"error": {"message": "overloaded", "code": 529}}'
    with serving(FaultServer(faults=[Fault("status", 200, busy)])) as server:
        found = run(config(server, tmp_path / "run", limit=1))
    assert found is not None
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("reply", "completion_kept", "reason"),
    [
        (said(content=[{"type": "text", "text": '["sad"'}, {"type": "text", "text": "]"}]),
         '["sad"]', None),
        (said(content=None, refusal="I cannot help with that."),
         "I cannot help with that.", "refusal"),
        (said(content=None), "", "empty"),
    ],
)  # fmt: skip
def test_an_answer_is_taken_for_what_it_is(
    reply: bytes, completion_kept: str, reason: str | None, tmp_path: Path
) -> None:
    with serving(FaultServer(always=Fault("status", 200, reply))) as server:
        run(config(server, tmp_path / "run", limit=1, retries=0))
    (line,) = lines(tmp_path / "run")
    assert (line["completion"], line["reason"]["revised"]) == (completion_kept, reason)


@pytest.mark.parametrize(
    "reply",
    [said(content=False), said(content={"a": 1}), b"[" * 100_000 + b"]" * 100_000],
    ids=["false", "an object", "deep"],
)
def test_what_is_no_answer_is_no_empty_answer(reply: bytes, tmp_path: Path) -> None:
    with (
        serving(FaultServer(always=Fault("status", 200, reply))) as server,
        pytest.raises(RunError, match="gave no answer in 1 attempt"),
    ):
        run(config(server, tmp_path / "run", limit=1, retries=0))


@pytest.mark.parametrize("status", [400, 503])
def test_deep_json_in_a_refusal_is_one_sentence(status: int, tmp_path: Path) -> None:
    fault = Fault("status", status, b'{"error":' * 100_000)
    with (
        serving(FaultServer(always=fault)) as server,
        pytest.raises(RunError, match=f"status {status}"),
    ):
        run(config(server, tmp_path / "run", limit=1, retries=0))


@pytest.mark.parametrize("count", [-5, True, 1.5])
def test_a_count_that_is_none_does_not_defeat_the_cap(count: Any, tmp_path: Path) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": count, "total_tokens": 0}
    with (
        serving(FaultServer(always=Fault("status", 200, body(usage=usage)))) as server,
        pytest.raises(RunError, match="does not say how many tokens"),
    ):
        run(config(server, tmp_path / "run", limit=2, max_total_tokens=100_000))


def test_nan_among_the_counts_is_no_count(tmp_path: Path) -> None:
    text = body().replace(b'"prompt_tokens": 100', b'"prompt_tokens": NaN')
    with serving(FaultServer(always=Fault("status", 200, text))) as server:
        run(config(server, tmp_path / "run", limit=1, retries=0))
    assert len(lines(tmp_path / "run")) == 1


def test_a_key_that_comes_back_is_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPRESS_API_KEY", KEY)
    packed = [base64.b64encode(f"{' ' * n}{KEY} and".encode()).decode() for n in range(3)]
    content = f'Your key is {KEY}, {" ".join(packed)}: ["sad"]'
    reply = json.dumps(completion(content, f"model-{KEY}")).encode()
    with serving(FaultServer(always=Fault("status", 200, reply))) as server:
        run(config(server, tmp_path / "run", limit=1))
        assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    for file in (tmp_path / "run").iterdir():
        text = file.read_text("utf-8")
        assert KEY not in text
        for form in secrets(KEY):
            assert form not in text


def test_every_form_of_a_key_is_found_at_any_offset() -> None:
    for offset in range(9):
        packed = base64.b64encode(b"x" * offset + KEY.encode() + b"yz").decode()
        assert "***" in without(packed, secrets(KEY))


@pytest.mark.parametrize("bad", ["sk-abc\nX-Evil: 1", "sk-abc\x00d", "sk-\u00e9t\u00e9"])
def test_a_key_that_no_header_holds_is_refused_and_not_shown(bad: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(
        "out: out\noptions: {dataset: sample, limit: 1, base-url: 'http://127.0.0.1:9/v1'}\n"
        "models: ['api:m']\n"
    )
    environment = {k: v for k, v in os.environ.items() if "API_KEY" not in k}
    if "\x00" not in bad:
        environment["EXPRESS_API_KEY"] = bad
        asked = "run --model api:m --base-url http://127.0.0.1:9/v1 --dataset sample --out run"
        for words in (asked.split(), ["sweep", "sweep.yaml"]):
            done = subprocess.run(
                [sys.executable, "-m", "express_runners.cli", *words],
                cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode in (1, 2)
            assert "Traceback" not in done.stderr
            assert "sk-" not in done.stdout + done.stderr
        told = [f for f in tmp_path.rglob("*") if f.is_file() and f.name != "sweep.yaml"]
        assert all("sk-" not in file.read_text("utf-8") for file in told)
    else:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("os.environ", environment | {"EXPRESS_API_KEY": bad})
            with pytest.raises(RunError, match="EXPRESS_API_KEY holds a line break or a mark"):
                api_key("http://127.0.0.1:9/v1")
