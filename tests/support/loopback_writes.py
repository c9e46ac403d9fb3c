"""The writing half of the loopback Hub: new repositories, commits, LFS, proposals, tags, settings.

The Hub checks rights as the real one does: a token that is not known gets 401, one that may not
write there 403, a name that is taken 409, and a commit upon an old parent 412.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml

if TYPE_CHECKING:
    from support.loopback_hub import Reads, Repository

    Base = Reads
else:
    Base = object

KINDS = {"dataset": "datasets", "model": "models", "space": "spaces"}


class Writes(Base):
    """Requests that change something; `Reads` answers the others."""

    def do_POST(self) -> None:  # noqa: N802 (the server looks for this name)
        """Everything but uploads and settings."""
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = self.parts()
        if parts == ["api", "repos", "create"]:
            self._create(json.loads(sent))
        elif parts == ["api", "validate-yaml"]:
            self._validate(json.loads(sent)["content"])
        elif parts[-3:] == ["lfs", "objects", "batch"]:
            self._batch(json.loads(sent))
        elif len(parts) == 6 and parts[4] == "paths-info":
            self._paths(parts, sent)
        elif len(parts) == 6 and parts[4] in ("preupload", "commit", "tag"):
            repository = self._writable(parts[1], "/".join(parts[2:4]), parts[4])
            if repository is not None:
                getattr(self, f"_{parts[4]}")(repository, parts, sent)
        else:
            self.refuse(404, "", f"No such address: {self.path}", True)

    def do_PUT(self) -> None:  # noqa: N802 (the server looks for this name)
        """An upload to LFS, or settings."""
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = self.parts()
        if parts[0] == "lfs-upload":
            if hashlib.sha256(sent).hexdigest() != parts[1]:
                return self.refuse(400, "", "The content has another hash", True)
            self.state.lfs[parts[1]] = sent
            return self.json({}, True)
        repository = self._writable(parts[1], "/".join(parts[2:4]), "settings")
        if repository is None:
            return None
        for name, value in json.loads(sent).items():
            if name == "visibility":
                repository.private = value == "private"
            elif name in ("private", "gated"):
                setattr(repository, name, value)
        return self.json({}, True)

    def _create(self, asked: dict[str, Any]) -> None:
        account = self.account()
        if account is None:
            return self.refuse(401, "", "Invalid username or password.", True)
        name = f"{asked.get('organization') or account.name}/{asked['name']}"
        if not (account.owns(name) and account.may_write):
            return self.refuse(403, "", "You don't have the rights to create this", True)
        key = (KINDS[asked.get("type", "model")], name)
        if key in self.state.repositories:
            return self.refuse(409, "", "You already created this repo", True)
        from support.loopback_hub import Repository

        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        repository = Repository(private=private)
        repository.commit({".gitattributes": b"*.parquet filter=lfs -text\n"})
        self.state.repositories[key] = repository
        where = f"{self.state.endpoint}/{key[0]}/{name}"
        return self.json({"url": where, "name": name, "id": "1"}, True)

    def _validate(self, card: str) -> None:
        try:
            header = yaml.safe_load(card.split("---\n")[1])
        except (yaml.YAMLError, IndexError) as error:
            return self.json({"errors": [{"message": str(error)}], "warnings": []}, True)
        errors = [] if header.get("license") else [{"message": '"license" is required'}]
        return self.json({"errors": errors, "warnings": []}, True)

    def _batch(self, asked: dict[str, Any]) -> None:
        if self.account() is None:
            return self.refuse(401, "", "Invalid username or password.", True)
        objects = [
            {
                "oid": one["oid"],
                "size": one["size"],
                "actions": {"upload": {"href": f"{self.state.endpoint}/lfs-upload/{one['oid']}"}},
            }
            for one in asked["objects"]
        ]
        return self.json({"transfer": "basic", "objects": objects}, True)

    def _writable(self, kind: str, name: str, what: str) -> Repository | None:
        """The repository, or None after a refusal; whoever sees it may propose a change."""
        account, repository = self.account(), self.found(kind, name)
        if account is None:
            self.refuse(401, "", "Invalid username or password.", True)
        elif repository is None:
            self.refuse(404, "RepoNotFound", "Repository not found", True)
        elif self._proposes() and what in ("preupload", "commit") and account.may_write:
            return repository
        elif not (account.owns(name) and account.may_write):
            self.refuse(403, "", "You have no right to write here", True)
        else:
            return repository
        return None

    def _proposes(self) -> bool:
        return parse_qs(urlsplit(self.path).query).get("create_pr") == ["1"]

    def _preupload(self, repository: Repository, parts: list[str], sent: bytes) -> None:
        from support.loopback_hub import blob

        there = repository.commits[repository.resolve("main") or ""]
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
                **(
                    {"oid": blob(there[one["path"]])}
                    if one["path"] in there and not one["path"].endswith(".parquet")
                    else {}
                ),
            }
            for one in json.loads(sent)["files"]
        ]
        self.json({"files": files}, True)

    def _commit(self, repository: Repository, parts: list[str], sent: bytes) -> None:
        lines = [json.loads(line) for line in sent.splitlines() if line.strip()]
        parent = lines[0]["value"].get("parentCommit")
        if parent and parent != repository.head:
            return self.refuse(412, "", "A commit has happened since", True)
        files = dict(repository.commits[repository.head or ""])
        for line in lines[1:]:
            key, value = line["key"], line["value"]
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.state.lfs[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        where = f"{self.state.endpoint}/{parts[1]}/{parts[2]}/{parts[3]}"
        proposal = None
        ref = "main"
        if self._proposes():
            number = sum(name.startswith("refs/pr/") for name in repository.names) + 1
            ref, proposal = f"refs/pr/{number}", f"{where}/discussions/{number}"
        sha = repository.commit(files, ref)
        answer = {"commitUrl": f"{where}/commit/{sha}", "commitOid": sha, "success": True}
        return self.json(answer | ({"pullRequestUrl": proposal} if proposal else {}), True)

    def _tag(self, repository: Repository, parts: list[str], sent: bytes) -> None:
        name, sha = json.loads(sent)["tag"], repository.resolve(parts[5])
        if name in repository.tags():
            return self.refuse(409, "", "The tag exists", True)
        if sha is None:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id", True)
        repository.names[name] = sha
        return self.json({}, True)

    def _paths(self, parts: list[str], sent: bytes) -> None:
        repository = self.found(parts[1], "/".join(parts[2:4]))
        sha = repository.resolve(parts[5]) if repository else None
        if repository is None or sha is None:
            return self.refuse(404, "RepoNotFound", "Repository not found", True)
        kind = self.headers.get("Content-Type") or ""
        asked = json.loads(sent)["paths"] if "json" in kind else parse_qs(sent.decode())["paths"]
        from support.loopback_hub import tree

        entries = tree(repository.commits[sha], "", True)
        return self.json([entry for entry in entries if entry["path"] in asked], True)
