"""The options of `express dataset publish`, and what they come to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from express_runners.config import LeaveOut, Strict
from express_runners.errors import RunError

from .eval_yaml import evaluation

if TYPE_CHECKING:
    from express_dataset.publishing.evaluation import Evaluation
    from express_dataset.publishing.folder import Facts
    from express_dataset.sources import Loaded


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """One publication as the command line asks for it."""

    source: Annotated[
        str, typer.Argument(help="sample, express, a file, a folder that was built, or ORG/NAME.")
    ]
    out: Annotated[
        Path | None, typer.Option(help="The folder to write; load_dataset takes it.")
    ] = None
    to: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="The dataset on the Hub to publish to.")
    ] = None
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Propose it as a pull request on the Hub.")
    ] = False
    private: Annotated[bool, typer.Option("--private", help="Only the owner sees it.")] = False
    gated: Annotated[
        str | None, typer.Option(help="auto or manual: readers must ask for access first.")
    ] = None
    tag: Annotated[str | None, typer.Option(help="Name of this version, such as v1.0.0.")] = None
    strict: Strict = False
    leave_out_misfits: LeaveOut = False
    license: Annotated[
        str | None, typer.Option(help="As the Hub writes it, such as cc-by-4.0.")
    ] = None
    have_permission: Annotated[
        bool,
        typer.Option("--have-permission", help="The EXPRESS authors let me republish their data."),
    ] = False


def publish(options: PublishOptions, card: Callable[[Facts], str]) -> dict[str, Any]:
    """Write a folder, and upload it where that is asked.

    Returns:
        `data`, `rows`, `license`, `labels_not_in_term_list`; `folder` (None if it was only for
        the upload) and its `files`; `hub` (None without `--to`) with `repo`, `url`, `commit`,
        `tag` and `created`.
    """
    from express_dataset.publishing.folder import write_folder
    from express_dataset.publishing.push import Target, push
    from express_dataset.sources import load_all, misfits_asked

    _refuse_mixed(options)
    target = None
    if options.to is not None:
        target = Target(
            repo=options.to,
            create_pr=options.create_pr,
            private=options.private,
            gated=options.gated,
            tag=options.tag,
        )
    parts = load_all(options.source, misfits_asked(options.strict, options.leave_out_misfits))
    if target:
        _refuse_upload(options, parts["all"])
    with tempfile.TemporaryDirectory() as scratch:
        out = options.out or Path(scratch, "dataset")
        done = write_folder(
            parts,
            options.source,
            out,
            card,
            license=options.license,
            repo=options.to,
            evaluation=_evaluation(parts),
        )
        hub = None
        if target:
            version = options.tag or parts["all"].data
            pushed = push(done.folder, target, f"Publish {version}")
            hub = {"repo": target.repo, **asdict(pushed)}
    return {
        "data": parts["all"].data,
        "rows": done.rows,
        "license": done.license,
        "labels_not_in_term_list": done.strangers,
        "further_columns": list(parts["all"].further),
        "folder": str(options.out) if options.out else None,
        "files": list(done.files),
        "hub": hub,
    }


def _evaluation(parts: Mapping[str, Loaded]) -> Evaluation | None:
    asked = parts["test"].examples
    return evaluation(asked, parts["all"].name) if asked else None


def _refuse_mixed(options: PublishOptions) -> None:
    if options.out is None and options.to is None:
        raise RunError("say where to publish: --out FOLDER, --to ORG/NAME, or both.")
    if options.to is None:
        for name in ("create_pr", "private", "gated", "tag"):
            if getattr(options, name):
                flag = name.replace("_", "-")
                raise RunError(f"--{flag} is for the Hub: say with --to ORG/NAME where to publish.")


def _refuse_upload(options: PublishOptions, whole: Loaded) -> None:
    from express_dataset.publishing.about import is_authors

    if is_authors(whole) and not options.have_permission:
        raise RunError(
            f"{options.source} is the data of the EXPRESS authors, who publish it themselves: "
            "load it from there, or give --have-permission if they let you republish it."
        )
    if not (options.license or whole.license):
        raise RunError(
            f"{options.source} does not tell its licence: give --license, such as cc-by-4.0, or "
            "--license unknown."
        )
