"""A real HTTP server that speaks chat completions and can go wrong in every way asked for.

Standard library only. Faults are dealt to the requests in the order of their arrival; when they
are used up, every request is answered well. The answer depends on the prompt alone.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = ("sad", "happy", "angry", "afraid", "proud", "lonely", "tired", "grateful")
PROMPT_TOKENS, NEW_TOKENS = 100, 7


@dataclass(frozen=True)
class Fault:
    """What to do to one request.

    `kind` is none, slow, held (answered once `held_until` requests have come), held_then_down
    (likewise, but refused for now), hang, status, cut (closed without a word), half (closed within
    the body), malformed, no_choice, no_message, no_usage, filtered, trickle (a byte now and then),
    endless (a body without end) or continued (a status 102 again and again).
    """

    kind: str
    status: int = 500
    body: bytes = b'{"error": {"message": "it is broken"}}'
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Seen:
    """One request as it arrived."""

    at: float
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """What the model is asked."""
        return str(self.body["messages"][-1]["content"])


@dataclass
class FaultServer:
    """What the server will do and what it has seen; start it with `serving`."""

    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    # What to say to every prompt; by default something that depends on it.
    says: str | Callable[[str], str] | None = None
    # What the server calls the model; by default what it was asked for.
    served: str | None = None
    # Parameters that are refused as OpenAI refuses them, whoever asks.
    refuses: tuple[str, ...] = ()
    # With a number, that many requests must be under way before any is answered.
    together: int = 0
    # So many requests must have come before one that is held is answered.
    held_until: int = 0
    seen: list[Seen] = field(default_factory=list)
    most_under_way: int = 0
    url: str = ""
    # Bytes of answers without end.
    sent: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self.closing = threading.Event()
        self._enough = threading.Event()
        self._barrier = threading.Barrier(self.together) if self.together else None

    def enter(self, seen: Seen) -> Fault | None:
        """Count a request in and deal it its fault."""
        with self._lock:
            self.seen.append(seen)
            if len(self.seen) == self.held_until:
                self._enough.set()
            self._under_way += 1
            self.most_under_way = max(self.most_under_way, self._under_way)
            fault = self.faults.pop(0) if self.faults else self.always
        if self._barrier is not None:
            self._barrier.wait(timeout=120)
        return fault

    def wait_for_enough(self) -> None:
        """Wait until as many requests as `held_until` have come."""
        assert self._enough.wait(timeout=120), "the other requests did not come"

    def leave(self) -> None:
        """Count a request out."""
        with self._lock:
            self._under_way -= 1

    @property
    def prompts(self) -> list[str]:
        """The prompts of all requests."""
        return [seen.prompt for seen in self.seen]


def answer_to(prompt: str) -> str:
    """A list for every prompt, and more text after it, which must not count."""
    number = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4])
    word, other = WORDS[number % len(WORDS)], WORDS[number // 8 % len(WORDS)]
    return f'Sure: ["{word}"] and not ["{other}"].'


def completion(text: str, name: str) -> dict[str, Any]:
    """A whole chat completion."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": name,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": NEW_TOKENS,
            "total_tokens": PROMPT_TOKENS + NEW_TOKENS,
        },
    }


def refusal(name: str) -> dict[str, Any]:
    """How OpenAI refuses a parameter that a model does not know."""
    told = {
        "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        "temperature": "Unsupported value: 'temperature' does not support 0 with this model. Only "
        "the default (1) value is supported.",
    }
    message = told.get(name, f"Unknown parameter: '{name}'.")
    return {"error": {"message": message, "param": name, "type": "invalid_request_error"}}


def lame(reply: dict[str, Any], kind: str) -> None:
    """Take from a completion what a fault of this kind leaves out."""
    if kind == "no_choice":
        reply["choices"] = []
    elif kind == "no_message":
        del reply["choices"][0]["message"]
    elif kind == "no_usage":
        del reply["usage"]
    elif kind == "filtered":
        message = {"role": "assistant", "content": None}
        reply["choices"][0] |= {"finish_reason": "content_filter", "message": message}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultServer

    def do_POST(self) -> None:
        at = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seen = Seen(at, {k.lower(): v for k, v in self.headers.items()}, body)
        try:
            fault = self.owner.enter(seen)
            name = self.owner.served or body["model"]
            says = self.owner.says
            said = says(seen.prompt) if callable(says) else says or answer_to(seen.prompt)
            reply = completion(said, name)
            if self.path != "/v1/chat/completions":
                self._send(404, b'{"detail": "Not Found"}')
            elif refused := next((n for n in self.owner.refuses if n in body), None):
                self._send(400, json.dumps(refusal(refused)).encode())
            elif fault is None:
                self._send(200, json.dumps(reply).encode())
            else:
                self._fail(fault, reply)
        except ConnectionError:
            # Who asked is gone: a time-out, or a run that ended.
            self.close_connection = True
        finally:
            self.owner.leave()

    def _fail(self, fault: Fault, reply: dict[str, Any]) -> None:
        if fault.kind in ("held", "held_then_down"):
            self.owner.wait_for_enough()
        if fault.kind == "status":
            self._send(fault.status, fault.body, fault.headers)
        elif fault.kind == "cut":
            self.close_connection = True
        elif fault.kind == "half":
            whole = json.dumps(reply).encode()
            self._send(200, whole, cut_at=len(whole) // 2)
        elif fault.kind == "malformed":
            self._send(200, b'{"choices": [{"mess')
        elif fault.kind in ("trickle", "endless", "continued"):
            self._go_on(fault.kind)
        elif fault.kind == "hang":
            self.owner.closing.wait(60)
            self.close_connection = True
        else:
            if fault.kind == "slow":
                self.owner.closing.wait(0.5)
            lame(reply, fault.kind)
            status = 503 if fault.kind == "held_then_down" else 200
            self._send(status, json.dumps(reply).encode())

    def _go_on(self, kind: str) -> None:
        """Send something for up to a minute, and never a whole answer."""
        if kind != "continued":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        piece = {
            "trickle": b" ",
            "endless": b" " * 2**20,
            "continued": b"HTTP/1.1 102 Processing\r\n\r\n",
        }[kind]
        end = time.monotonic() + 60
        while time.monotonic() < end and not self.owner.closing.is_set():
            self.wfile.write(piece)
            self.owner.sent += len(piece)
            if kind != "endless":
                time.sleep(0.05)
        self.close_connection = True

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Iterable[tuple[str, str]] = (),
        cut_at: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_at])
        if cut_at is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests read the command's own stderr."""


class Quiet(ThreadingHTTPServer):
    """A server whose clients may hang up: they are killed midway."""

    def handle_error(self, *_: object) -> None:
        """Say nothing of it."""


@contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Serve on a free port of this machine while the block runs."""
    handler = type("Handler", (_Handler,), {"owner": server})
    with Quiet(("127.0.0.1", 0), handler) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            http.shutdown()
            thread.join()
