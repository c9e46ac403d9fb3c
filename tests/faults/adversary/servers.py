"""What servers do wrong: every status with every body, and every way not to end an answer."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

from support.fault_server import Fault, FaultServer, completion, serving

from .case import KEY, Forks

STATUSES = (
    200, 201, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502,
    503, 504, 529,
)  # fmt: skip
BODIES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"<html>\x1b[31mBad gateway</html>",
    "deep": b"[" * 50_000,
    "an error": b'{"error": {"message": "no\\u001b[2J\\nmodel", "code": 7, "param": "max_tokens"}}',
    "NaN": b'{"choices": NaN}',
    "the key": json.dumps({"error": {"message": f"bad key {KEY}"}}).encode(),
}


def _said(**message: Any) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return json.dumps(completion("", "m") | {"choices": [choice]}).encode()


def misbehaviours() -> dict[str, Fault]:
    """At least 150, by what they are called."""
    found = {
        f"{status} {name}": Fault("status", status, body)
        for status, (name, body) in itertools.product(STATUSES, BODIES.items())
    }
    kinds = ("slow", "hang", "cut", "half", "malformed", "no_choice", "no_message", "no_usage")
    for kind in (*kinds, "filtered", "trickle", "endless", "continued"):
        found[kind] = Fault(kind)
    answers = {
        "content false": _said(content=False),
        "content a number": _said(content=7),
        "content parts": _said(content=[{"type": "text", "text": '["sad"]'}]),
        "content the key": _said(content=f'{KEY} ["sad"]'),
        "content huge": _said(content="a" * 2_000_000),
        "content a half": _said(content="\ud83d"),
        "content codes": _said(content='\x1b[31m["sad"]\r\n'),
        "no message": _said(),
        "a list": b"[]",
        "a text": b'"sad"',
    }
    found |= {name: Fault("status", 200, body) for name, body in answers.items()}
    packed = (("Content-Encoding", "gzip"),)
    found["packed"] = Fault("status", 200, gzip.compress(b" " * 2**24), packed)
    found["to nowhere"] = Fault("status", 307, b"", (("Location", "ftp://\x7f/"),))
    for wait in ("-1", "nan", "1e99", "soon"):
        found[f"retry after {wait}"] = Fault("status", 429, b"{}", (("Retry-After", wait),))
    return found


def wrongs(forks: Forks, folder: Path, fault: Fault, *, always: bool) -> list[str]:
    """What is wrong with a run that meets a fault, and goes on with a good server afterwards."""
    out = folder / "run"
    words = ["run", "--model", "api:m", "--dataset", "sample", "--limit", "3", "--out", out]
    words += ["--retries", "1", "--request-timeout", "2", "--concurrency", "2", "--base-url"]
    key = {"EXPRESS_API_KEY": KEY}
    server = FaultServer(faults=[fault], always=fault if always else None)
    with serving(server):
        words.append(server.url)
        found = forks.run(words, folder=folder, seconds=90, environment=key).wrongs()
        server.faults, server.always = [], None
        again = forks.run(words, folder=folder, seconds=90, environment=key)
        found += [f"afterwards: {wrong}" for wrong in again.wrongs((0,))]
    if not (out / "predictions.jsonl").exists():
        return [*found, again.err[-300:]]
    lines = (out / "predictions.jsonl").read_text("utf-8").splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    if len(ids) != 3 or len(set(ids)) != 3:
        found.append(f"answers {ids}")
    for file in folder.rglob("*"):
        if file.is_file() and KEY.encode() in file.read_bytes():
            found.append(f"the key in {file.name}")
    return found
