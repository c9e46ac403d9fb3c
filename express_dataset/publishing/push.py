"""Put a published folder on the Hub, in one commit, with huggingface_hub alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ..errors import DataError
from ..hub_errors import ORG_NAME, in_a_sentence, require_login
from .evaluation import CONFIG
from .folder import DATA

if TYPE_CHECKING:
    from huggingface_hub import HfApi

GATES = ("auto", "manual")
"""Who lets a reader in: the Hub, once the form is filled in, or the owner."""

_TAG = re.compile(r"[A-Za-z0-9][\w.-]*")
_REPLACED = (f"{DATA}/", f"{CONFIG}/")
_OTHERWISE = "--create-pr for the dataset of someone else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a folder goes on the Hub, and how."""

    repo: str  # `ORG/NAME`; it is made if it does not exist
    create_pr: bool = False  # propose the change instead of making it
    private: bool = False  # only the owner sees it
    gated: str | None = None  # None, `auto` or `manual`
    tag: str | None = None  # name of the version, such as `v1.0.0`

    def __post_init__(self) -> None:
        """Check the values."""
        if not ORG_NAME.fullmatch(self.repo):
            raise DataError(f"--to {self.repo}: write the dataset as ORG/NAME")
        if self.gated not in (None, *GATES):
            raise DataError(f"--gated {self.gated}: choose auto or manual")
        if self.tag is not None and not _TAG.fullmatch(self.tag):
            raise DataError(
                f"--tag {self.tag}: use letters, digits, '.', '-' and '_' only, as in v1.0.0"
            )
        if self.tag and self.create_pr:
            raise DataError(
                "--tag goes with a finished version, not with --create-pr; "
                "publish with --tag once the proposal is merged"
            )


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is on the Hub now."""

    url: str  # the dataset's page, or that of the proposal
    commit: str  # sha of the commit
    tag: str | None  # the tag that was set, else None
    created: bool  # whether the dataset is new


def push(folder: Path, target: Target, message: str) -> Pushed:
    """Upload a published folder in one commit.

    The dataset is made first, private and gated before any data is in it. Data files of an
    earlier version that the folder lacks are removed in the same commit; other files stay.
    The token is the one of ``hf auth login`` or ``HF_TOKEN``.

    ``push(Path("express"), Target(repo="org/express"), "Publish")`` needs the network.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    require_login(target.repo)
    files = (path for path in folder.rglob("*") if path.is_file())
    names = sorted(path.relative_to(folder).as_posix() for path in files)
    api = HfApi()
    with in_a_sentence(target.repo, "--to", "dataset", _OTHERWISE):
        created = _make_ready(api, target)
        info = api.dataset_info(target.repo)
        there = [sibling.rfilename for sibling in info.siblings or ()]
        stale = [name for name in there if name.startswith(_REPLACED) and name not in names]
        commit = api.create_commit(
            target.repo,
            [
                *(CommitOperationDelete(name) for name in stale),
                *(CommitOperationAdd(name, folder / name) for name in names),
            ],
            commit_message=message,
            repo_type="dataset",
            create_pr=target.create_pr,
            parent_commit=info.sha,
        )
        if target.tag:
            api.create_tag(target.repo, tag=target.tag, revision=commit.oid, repo_type="dataset")
    url = commit.pr_url or f"{api.endpoint}/datasets/{target.repo}"
    return Pushed(url, commit.oid, target.tag, created)


def _make_ready(api: HfApi, target: Target) -> bool:
    """Make the dataset where there is none, refuse a used tag, and close the gate."""
    created = not api.repo_exists(target.repo, repo_type="dataset")
    if created:
        api.create_repo(target.repo, repo_type="dataset", private=target.private)
    elif target.tag:
        tags = [tag.name for tag in api.list_repo_refs(target.repo, repo_type="dataset").tags]
        if target.tag in tags:
            raise DataError(
                f"{target.repo}: the tag {target.tag} exists already, and what it names must not "
                "change; give the next version with --tag"
            )
    gated = cast(Literal["auto", "manual"] | None, target.gated)
    hide = True if target.private and not created else None
    if gated or hide:
        api.update_repo_settings(target.repo, repo_type="dataset", gated=gated, private=hide)
    return created
