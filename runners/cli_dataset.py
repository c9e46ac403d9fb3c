"""`express dataset ...`: making, looking at and publishing data."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from .build_options import BuildOptions
from .options import takes
from .printing import Format, FormatOption, print_json
from .publish_options import PublishOptions

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
    typed = f", {summary.escaped} with a mask that the author had typed" if summary.escaped else ""
    typer.echo(
        f"{summary.posts} posts, {summary.masked} with masks, {summary.masks} masks, "
        f"{summary.negated} of them negated{typed} (protocol {summary.protocol})",
        err=out is None,
    )


@app.command()
@takes(BuildOptions)
def build(options: BuildOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Make a dataset of Reddit dumps; the same command goes on where it stopped."""
    from express_dataset.construct.pipeline import build as build_dataset

    report = build_dataset(options.config())
    for problem in report.problems:
        typer.echo(f"warning: {problem}", err=True)
    if format is Format.json:
        print_json({"out": str(report.out), "finished": report.finished, **report.content})
        return
    from express_cards.terminal import print_build

    print_build(report.out, report.finished, report.splits, report.dropped)


@app.command()
def stats(
    source: Annotated[
        str,
        typer.Argument(help="sample, express, a file, a folder built or published, or ORG/NAME."),
    ],
    out: Annotated[Path | None, typer.Option(help="Also write a page with plots.")] = None,
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; the data's own by default.")
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Show what a dataset holds, and whether it is fit to be published."""
    from express_cards.stats_page import write_stats
    from express_cards.stats_terminal import print_stats

    from .dataset_facts import dataset_facts

    found = dataset_facts(source, lexicon)
    page = write_stats(found, out) if out else None
    if format is Format.json:
        print_json(found)
        return
    print_stats(found, page)


@app.command()
@takes(PublishOptions)
def publish(options: PublishOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Write a dataset as Parquet with a card and Croissant: a folder, the Hub, or both."""
    from express_cards.dataset_card import dataset_card
    from express_cards.stats_terminal import print_published

    from .publish_options import publish as publish_data

    told = publish_data(options, dataset_card)
    if format is Format.json:
        print_json(told)
        return
    print_published(told)
