"""`express dataset ...`: making, looking at and publishing data."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from express_cards.dataset.publish import PublishOptions

from ..config import LeaveOut, Strict
from ..errors import RunError
from .printing import Format, FormatOption, GroupBy, print_json, tell
from .takes import takes

if TYPE_CHECKING:
    from express_dataset.construct.config import BuildConfig


app = typer.Typer(
    help="Make a dataset from Reddit dumps, look at it, publish it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """One build as the command line asks for it."""

    dumps: Annotated[
        list[Path],
        typer.Argument(
            metavar="DUMP...", help="Reddit dumps (NDJSON, packed or not, or Parquet) or folders."
        ),
    ]
    out: Annotated[Path, typer.Option(help="The folder to write; the same command goes on there.")]
    min_words: Annotated[
        int | None,
        typer.Option(help="Drop posts with fewer words; by default 50, in express-2025 20."),
    ] = None
    title: Annotated[
        bool, typer.Option("--title/--no-title", help="Whether a post begins with its title.")
    ] = True
    whole_posts: Annotated[
        bool, typer.Option(help="Write each post whole instead of in segments, same masks.")
    ] = False
    protocol: Annotated[
        str | None, typer.Option(help="express (default), or express-2025 as in the paper.")
    ] = None
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Hub id, folder, or `words`; FacebookAI/roberta-base by default."),
    ] = None
    max_tokens: Annotated[
        int | None, typer.Option(help="Most tokens of a segment; 512 by default.")
    ] = None
    near_duplicates: Annotated[
        str | None, typer.Option(help="group (they share a split, the default) or drop.")
    ] = None
    key: Annotated[
        Path | None, typer.Option(help="File of the pseudonyms' key; made if it is absent.")
    ] = None
    workers: Annotated[
        int | None, typer.Option(help="Tasks at a time; changes nothing in the result.")
    ] = None
    executor: Annotated[str | None, typer.Option(help="local (default), slurm or ray.")] = None
    executor_option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the executor, such as partition=cpu.")
    ] = None

    def config(self) -> BuildConfig:
        """The checked configuration."""
        from express_dataset.construct.config import BuildConfig

        given: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) is not None
        }
        further = {}
        for option in given.pop("executor_option", ()):
            name, equals, value = option.partition("=")
            if not equals:
                raise RunError(f"--executor-option {option}: write it as NAME=VALUE")
            further[name] = value
        given["dumps"] = tuple(given["dumps"])
        return BuildConfig(**given, executor_options=further)


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
    import express_dataset.construct.lean  # noqa: F401
    from express_dataset.construct.mask_file import mask_file

    summary = mask_file(file, out or sys.stdout, protocol)
    if out is not None and format is Format.json:
        print_json(dataclasses.asdict(summary))
        return
    typed = f", {summary.escaped} with a mask that the author had typed" if summary.escaped else ""
    if summary.replaced:
        typed += f", {summary.replaced} halves of characters replaced by U+FFFD"
    typer.echo(
        f"{summary.posts} posts, {summary.masked} with masks, {summary.masks} masks, "
        f"{summary.negated} of them negated{typed} (protocol {summary.protocol})",
        err=out is None,
    )


@app.command()
@takes(BuildOptions)
def build(options: BuildOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Make a dataset of Reddit dumps; the same command goes on where it stopped."""
    import express_dataset.construct.lean  # noqa: F401
    from express_dataset.construct.pipeline import build as build_dataset

    report = build_dataset(options.config())
    for problem in report.problems:
        typer.echo(f"warning: {problem}", err=True)
    from express_cards.terminal import print_build

    tell(
        format,
        {"out": str(report.out), "finished": report.finished, **report.content},
        lambda: print_build(report.out, report.finished, report.splits, report.dropped),
    )


@app.command()
def split(
    source: Annotated[str, typer.Argument(help="A file whose rows tell no split, or ORG/NAME.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.")],
    strict: Strict = False,
    leave_out_misfits: LeaveOut = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Divide rows into train, test and few_shot by their posts, so that nothing leaks."""
    from rich.markup import escape

    from express_cards.terminal import table, terminal
    from express_dataset.publishing.division import split_file
    from express_dataset.sources import misfits_asked

    rows = split_file(source, out, misfits_asked(strict, leave_out_misfits))

    def show() -> None:
        console = terminal()
        console.print(table(("rows", ""), ((name, str(count)) for name, count in rows.items())))
        console.print(f"\nNext: express dataset stats {escape(str(out))}", soft_wrap=True)

    tell(format, {"out": str(out), "rows": rows}, show)


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
    group_by: GroupBy = None,
    strict: Strict = False,
    leave_out_misfits: LeaveOut = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Show what a dataset holds, and whether it is fit to be published."""
    from express_cards.dataset.facts import dataset_facts
    from express_cards.dataset.page import write_stats
    from express_cards.dataset.terminal import print_stats
    from express_dataset.sources import misfits_asked

    misfits = misfits_asked(strict, leave_out_misfits)
    found = dataset_facts(source, lexicon, misfits, group_by or ())
    page = write_stats(found, out) if out else None
    tell(format, found, lambda: print_stats(found, page))


@app.command()
@takes(PublishOptions)
def publish(options: PublishOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Write a dataset as Parquet with a card and Croissant: a folder, the Hub, or both."""
    from express_cards.dataset.card import dataset_card
    from express_cards.dataset.publish import publish as publish_data
    from express_cards.dataset.terminal import print_published

    told = publish_data(options, dataset_card)
    tell(format, told, lambda: print_published(told))
