"""A small Hub on this machine, for the real huggingface_hub client.

It serves datasets and models that a test puts in, over HTTP on the loopback address: information, file
list and downloads. Set ``HF_ENDPOINT`` and the rest of ``environment()`` before the client is
imported, that is, in a subprocess.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

REPOSITORY_KINDS = ("datasets", "models", "spaces")


@dataclass
class Repository:
    """One repository: commits, oldest first, each with all its files."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: bool = False

    def commit(self, files: dict[str, bytes]) -> str:
        """Add a commit and return its sha."""
        body = b"".join(name.encode() + data for name, data in sorted(files.items()))
        sha = hashlib.sha1(body + str(len(self.commits)).encode()).hexdigest()
        self.commits[sha] = dict(files)
        return sha

    def resolve(self, revision: str) -> str | None:
        """The sha of a revision: main, a whole sha or its beginning."""
        if revision == "main":
            return list(self.commits)[-1]
        return next((sha for sha in self.commits if sha.startswith(revision)), None)


class LoopbackHub:
    """The server; use it in a ``with`` statement."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.requests: list[str] = []
        hub = self

        class Handler(_Handler):
            state = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> LoopbackHub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def dataset(self, name: str, *, gated: bool = False) -> Repository:
        """Add an empty dataset."""
        return self.repositories.setdefault(("datasets", name), Repository(gated=gated))

    def model(self, name: str, *, gated: bool = False) -> Repository:
        """Add an empty model."""
        return self.repositories.setdefault(("models", name), Repository(gated=gated))

    def environment(self, home: str) -> dict[str, str]:
        """What a client's process must find in its environment."""
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": home,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
        }


class _Handler(BaseHTTPRequestHandler):
    state: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        if parts[0] == "api" and len(parts) > 3 and parts[1] in REPOSITORY_KINDS:
            self._api(parts[1], "/".join(parts[2:4]), parts[4:], body)
        elif parts[0] in ("datasets", "spaces") and "resolve" in parts:
            self._file(parts[0], "/".join(parts[1:3]), parts[4], "/".join(parts[5:]), body)
        elif parts[2:3] == ["resolve"]:
            self._file("models", "/".join(parts[:2]), parts[3], "/".join(parts[4:]), body)
        else:
            self._refuse(401, "RepoNotFound", "Invalid username or password.", body)

    def _api(self, kind: str, name: str, rest: list[str], body: bool) -> None:
        repository = self.state.repositories.get((kind, name))
        if repository is None:
            # The Hub does not tell strangers what is private and what is not there.
            return self._refuse(401, "RepoNotFound", "Repository not found", body)
        sha = repository.resolve(rest[1] if len(rest) > 1 else "main")
        if sha is None:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id", body)
        files = repository.commits[sha]
        if rest[:1] == ["tree"]:
            return self._json([_entry(path, data) for path, data in files.items()], body)
        about = {
            "_id": "0",
            "id": name,
            "sha": sha,
            "private": False,
            "gated": "manual" if repository.gated else False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": path} for path in files],
        }
        return self._json(about, body)

    def _file(self, kind: str, name: str, revision: str, path: str, body: bool) -> None:
        repository = self.state.repositories.get((kind, name))
        if repository is None:
            return self._refuse(401, "RepoNotFound", "Repository not found", body)
        if repository.gated:
            return self._refuse(403, "GatedRepo", "Access to this dataset is restricted", body)
        sha = repository.resolve(revision)
        if sha is None:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id", body)
        data = repository.commits[sha].get(path)
        if data is None:
            return self._refuse(404, "EntryNotFound", "Entry not found", body)
        headers = {"X-Repo-Commit": sha, "ETag": f'"{_blob(data)}"'}
        return self._send(200, data, headers, body)

    def _json(self, value: Any, body: bool) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body)

    def _refuse(self, status: int, code: str, message: str, body: bool) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        self._send(status, json.dumps({"error": message}).encode(), headers, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _entry(path: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "oid": _blob(data), "size": len(data), "path": path}
