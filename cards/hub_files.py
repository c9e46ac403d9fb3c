"""Commits on the Hub of what has changed, and of nothing else."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.hf_api import DatasetInfo, RepoFile, SpaceInfo


def commit(
    api: HfApi,
    before: SpaceInfo | DatasetInfo,
    kind: str,
    changes: Iterable[CommitOperationAdd | CommitOperationDelete],
    message: str,
) -> tuple[str, bool]:
    """Commit on top of a repository as it was seen; the commit, and whether it is a new one.

    What the Hub has as it is here is left out, and where nothing is left there is no commit.
    """
    log = logging.getLogger("huggingface_hub.hf_api")
    level = log.level
    log.setLevel(logging.ERROR)  # that nothing has changed is told by us
    try:
        done = api.create_commit(
            before.id,
            changes,
            commit_message=message,
            repo_type=kind,
            parent_commit=before.sha,
        )
    finally:
        log.setLevel(level)
    return done.oid, done.oid != before.sha


def same(data: bytes, there: RepoFile | None) -> bool:
    """Whether the Hub has a file as it is here: by git's hash, or for a large one by its own.

    >>> from huggingface_hub.hf_api import RepoFile
    >>> empty = RepoFile(path="a", size=0, oid="e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    >>> same(b"", empty), same(b"a", empty), same(b"", None)
    (True, False, False)
    """
    if there is None:
        return False
    if there.lfs is not None:
        return there.lfs.sha256 == hashlib.sha256(data).hexdigest()
    return there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
