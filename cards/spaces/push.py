"""Put a Space's folder on the Hub, in one commit, with huggingface_hub alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from express_dataset.errors import DataError
from express_dataset.hub_errors import in_a_sentence, require_login

from ..hub_files import commit
from .files import MANIFEST, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import SpaceInfo

    from .kinds import Space

# What the Hub itself puts into a Space made on its website.
_STARTER = {".gitattributes", "README.md", "index.html", "style.css"}


def push(folder: Path, space: Space, repo: str, *, private: bool) -> dict[str, Any]:
    """Upload a Space in one commit; it is made first where there is none.

    Files of an earlier version that the folder lacks are removed in the same commit; files that
    someone added stay. Where nothing has changed there is no commit. The token is the one of
    ``hf auth login`` or ``HF_TOKEN``.

    Returns:
        `repo`, `url`, `commit`, `created` and `changed`.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    require_login(repo)
    files = (path for path in folder.rglob("*") if path.is_file())
    ours = {path.relative_to(folder).as_posix(): path for path in sorted(files)}
    api = HfApi()
    with in_a_sentence(repo, "--push", "Space"):
        created = not api.repo_exists(repo, repo_type="space")
        if created:
            api.create_repo(repo, repo_type="space", space_sdk=space.sdk, private=private)
        info = api.space_info(repo)
        stale = _ours(api, space, info) - set(ours)
        changes: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationDelete(name) for name in sorted(stale)),
            *(CommitOperationAdd(name, path) for name, path in ours.items()),
        ]
        if private and not created:
            api.update_repo_settings(repo, repo_type="space", private=True)
        message = f"Publish the EXPRESS {space.name}"
        told = commit(api, info.id, "space", info.sha, changes, message)
    return told | {"url": f"{api.endpoint}/spaces/{repo}", "created": created}


def _ours(api: HfApi, space: Space, info: SpaceInfo) -> set[str]:
    """The files that an earlier push put there; a Space that is not ours is left alone."""
    there = {file.rfilename for file in info.siblings or ()}
    if MANIFEST not in there:
        if there <= _STARTER:
            return set()
        raise DataError(_another(info.id))
    file = api.hf_hub_download(info.id, MANIFEST, repo_type="space", revision=info.sha)
    known = read_manifest(Path(file).read_bytes())
    if known.get("space") != space.name:
        raise DataError(_another(info.id))
    return there & set(map(str, known["files"]))


def _another(repo: str) -> str:
    return f"--push {repo}: another Space has this name; choose a new one, or empty that one first"
