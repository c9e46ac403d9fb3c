"""A small Hub on this machine, for the real huggingface_hub client.

It serves datasets and models that a test puts in, over HTTP on the loopback address:
information, file list and downloads. Accounts that a test adds may also write: see
`loopback_writes`. Set ``HF_ENDPOINT`` and the rest of ``environment()`` before the client is
imported, that is, in a subprocess.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .fault_server import Quiet

REPOSITORY_KINDS = ("datasets", "models", "spaces")


@dataclass
class Repository:
    """One repository: commits with all their files, and the names that point to them."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: bool | str = False
    private: bool = False
    head: str | None = None
    names: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], ref: str = "main") -> str:
        """Add a commit to main, or under another name such as refs/pr/1, and return its sha."""
        body = b"".join(name.encode() + data for name, data in sorted(files.items()))
        sha = hashlib.sha1(body + str(len(self.commits)).encode()).hexdigest()
        self.commits[sha] = dict(files)
        if ref == "main":
            self.head = sha
        else:
            self.names[ref] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        """The sha of a revision: main, a tag, a proposal, a whole sha or its beginning."""
        if revision == "main":
            return self.head
        if revision in self.names:
            return self.names[revision]
        return next((sha for sha in self.commits if sha.startswith(revision)), None)

    def tags(self) -> dict[str, str]:
        """The tags and what they point to."""
        return {name: sha for name, sha in self.names.items() if not name.startswith("refs/")}


@dataclass(frozen=True)
class Account:
    """Who a token belongs to, and where it may write."""

    name: str
    organizations: tuple[str, ...] = ()
    may_write: bool = True

    def owns(self, repository: str) -> bool:
        """Whether the repository is the account's own or of one of its organizations."""
        return repository.partition("/")[0] in (self.name, *self.organizations)


class LoopbackHub:
    """The server; use it in a ``with`` statement."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.accounts: dict[str, Account] = {}
        self.lfs: dict[str, bytes] = {}
        self.requests: list[str] = []
        hub = self

        from support.loopback_writes import Writes

        class Handler(Writes, Reads):
            state = hub

        self._server = Quiet(("127.0.0.1", 0), Handler)
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


class Reads(BaseHTTPRequestHandler):
    state: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        parts = self.parts()
        if parts == ["api", "whoami-v2"]:
            self.whoami(body)
        elif parts[0] == "api" and len(parts) > 3 and parts[1] in REPOSITORY_KINDS:
            self._api(parts[1], "/".join(parts[2:4]), parts[4:], body)
        elif parts[0] in ("datasets", "spaces") and "resolve" in parts:
            self._file(parts[0], "/".join(parts[1:3]), parts[4], "/".join(parts[5:]), body)
        elif parts[2:3] == ["resolve"]:
            self._file("models", "/".join(parts[:2]), parts[3], "/".join(parts[4:]), body)
        else:
            self.refuse(401, "RepoNotFound", "Invalid username or password.", body)

    def parts(self) -> list[str]:
        """The parts of the path; a revision such as refs/pr/1 comes quoted and is one part."""
        path = urlsplit(self.path).path
        self.state.requests.append(f"{self.command} {unquote(path)}")
        return [unquote(part) for part in path.strip("/").split("/")]

    def account(self) -> Account | None:
        """Whose token came with the request."""
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return self.state.accounts.get(token)

    def whoami(self, body: bool) -> None:
        """Tell whose token it is."""
        account = self.account()
        if account is None:
            return self.refuse(401, "", "Invalid username or password.", body)
        organizations = [{"name": name} for name in account.organizations]
        return self.json({"type": "user", "name": account.name, "orgs": organizations}, body)

    def found(self, kind: str, name: str) -> Repository | None:
        """The repository, if there is one and the account may see it."""
        repository = self.state.repositories.get((kind, name))
        account = self.account()
        if repository is not None and repository.private and not (account and account.owns(name)):
            return None
        return repository

    def _api(self, kind: str, name: str, rest: list[str], body: bool) -> None:
        repository = self.found(kind, name)
        if repository is None:
            # The Hub does not tell strangers what is private and what is not there.
            return self.refuse(401, "RepoNotFound", "Repository not found", body)
        if rest[:1] == ["refs"]:
            return self.json(_refs(repository), body)
        sha = repository.resolve(rest[1] if len(rest) > 1 else "main")
        if sha is None:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id", body)
        files = repository.commits[sha]
        if rest[:1] == ["tree"]:
            recursive = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0]
            listed = tree(files, "/".join(rest[2:]), recursive.lower() in ("1", "true"))
            if not listed and rest[2:]:
                return self.refuse(404, "EntryNotFound", "Entry not found", body)
            return self.json(listed, body)
        return self.json(_about(name, sha, repository), body)

    def _file(self, kind: str, name: str, revision: str, path: str, body: bool) -> None:
        repository = self.found(kind, name)
        if repository is None:
            return self.refuse(401, "RepoNotFound", "Repository not found", body)
        account = self.account()
        if repository.gated and not (account and account.owns(name)):
            return self.refuse(403, "GatedRepo", "Access to this dataset is restricted", body)
        sha = repository.resolve(revision)
        if sha is None:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id", body)
        data = repository.commits[sha].get(path)
        if data is None:
            return self.refuse(404, "EntryNotFound", "Entry not found", body)
        headers = {"X-Repo-Commit": sha, "ETag": f'"{blob(data)}"'}
        return self._send(200, data, headers, body)

    def json(self, value: Any, body: bool) -> None:
        """Answer with JSON."""
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body)

    def refuse(self, status: int, code: str, message: str, body: bool) -> None:
        """Answer as the Hub does when it does not."""
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


def blob(data: bytes) -> str:
    """The id that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _entry(path: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "oid": blob(data), "size": len(data), "path": path}


def tree(files: dict[str, bytes], path: str, recursive: bool) -> list[dict[str, Any]]:
    """What the Hub lists under a path, folders first."""
    start = f"{path}/" if path else ""
    inside = {name: data for name, data in files.items() if name.startswith(start)}
    folders = sorted(
        {
            start + "/".join(rest[: depth + 1])
            for rest in (name.removeprefix(start).split("/") for name in inside)
            for depth in range(len(rest) - 1)
        }
    )
    found = [{"type": "directory", "oid": blob(name.encode()), "path": name} for name in folders]
    found += [_entry(name, data) for name, data in inside.items()]
    if recursive:
        return found
    return [entry for entry in found if "/" not in str(entry["path"]).removeprefix(start)]


def _refs(repository: Repository) -> dict[str, Any]:
    def ref(kind: str, name: str, sha: str | None) -> dict[str, Any]:
        return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha}

    return {
        "branches": [ref("heads", "main", repository.head)],
        "tags": [ref("tags", name, sha) for name, sha in repository.tags().items()],
        "converts": [],
    }


def _about(name: str, sha: str, repository: Repository) -> dict[str, Any]:
    gated = repository.gated
    return {
        "_id": "0",
        "id": name,
        "sha": sha,
        "private": repository.private,
        "gated": "manual" if gated is True else gated,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "siblings": [{"rfilename": path} for path in repository.commits[sha]],
    }
