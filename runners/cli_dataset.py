"""`express dataset ...`: making, looking at and publishing data."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from .printing import Format, FormatOption, print_json

app = typer.Typer(
    help="Make a dataset from Reddit dumps, look at it, publish it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def mask(
    file: Annotated[Path, typer.Argument(help="JSONL: an id and a text in each line.")],
    protocol: Annotated[
        str, typer.Option(help="express, or express-2025 for the paper's own masking.")
    ] = "express",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; standard output by default.")
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Mask the emotion words of posts: the same lines with text, labels, offsets and negated."""
    from express_dataset.construct.mask_file import mask_file

    summary = mask_file(file, out or sys.stdout, protocol)
    if out is not None and format is Format.json:
        print_json(dataclasses.asdict(summary))
        return
    typer.echo(
        f"{summary.posts} posts, {summary.masked} with masks, {summary.masks} masks, "
        f"{summary.negated} of them negated (protocol {summary.protocol})",
        err=out is None,
    )
