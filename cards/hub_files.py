"""Commits on the Hub of what has changed, and of nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi


def commit(
    api: HfApi,
    repo: str,
    kind: str,
    head: str | None,
    changes: Iterable[CommitOperationAdd | CommitOperationDelete],
    message: str,
    *,
    create_pr: bool = False,
) -> dict[str, Any]:
    """Commit on top of a repository as it was seen: `repo`, `url`, `commit`, and if it `changed`.

    What the Hub has as it is here is left out, and where nothing is left there is no commit.
    """
    log = logging.getLogger("huggingface_hub.hf_api")
    level = log.level
    log.setLevel(logging.ERROR)  # that nothing has changed is told by us
    try:
        done = api.create_commit(
            repo,
            changes,
            commit_message=message,
            repo_type=kind,
            create_pr=create_pr,
            parent_commit=head,
        )
    finally:
        log.setLevel(level)
    changed = done.oid != head
    place = f"{'' if kind == 'model' else f'{kind}s/'}{repo}"
    url = (done.pr_url or done.commit_url) if changed else f"{api.endpoint}/{place}/tree/{head}"
    return {"repo": repo, "url": url, "commit": done.oid, "changed": changed}
