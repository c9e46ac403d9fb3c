"""Files on the Hub beside those here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile


def same(data: bytes, there: RepoFile | None) -> bool:
    """Whether the Hub has a file as it is here: by git's hash, or for a large one by its own.

    >>> from huggingface_hub.hf_api import RepoFile
    >>> empty = RepoFile(path="a", size=0, oid="e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    >>> same(b"", empty), same(b"a", empty)
    (True, False)
    """
    if there is None:
        return False
    if there.lfs is not None:
        return there.lfs.sha256 == hashlib.sha256(data).hexdigest()
    return there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
