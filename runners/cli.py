"""The one command, `express`. Each command calls one function; heavy imports happen inside."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .config import RunConfig
from .options import takes

app = typer.Typer(
    name="express",
    help="EXPRESS: does a language model name the emotion a person felt, in that person's words?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """What a command prints on stdout."""

    text = "text"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text (tables) or json.")]
LexiconOption = Annotated[
    str | None,
    typer.Option(help="nrc, express or a CSV file; by default the one that belongs to the data."),
]


def _show_version(value: bool) -> None:
    if value:
        from express_metric.version import VERSION

        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
@takes(RunConfig)
def run(config: RunConfig, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Put a model through EXPRESS and score it; the same command goes on where it stopped."""
    from .run import run as run_model

    result = run_model(config)
    if result is None:
        return
    from express_cards.report import write_report

    report = write_report(result.folder, result.asked, result.scores, result.lines, result.examples)
    if format is Format.json:
        _print_json(result.scores)
        return
    from express_cards.terminal import print_run

    print_run(result.folder, result.asked, result.scores, report)


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(
            help="The authors' result CSV; CSV, JSONL or Parquet with references and predictions "
            "or completion; or a run's folder."
        ),
    ],
    lexicon: LexiconOption = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Score answers that already exist, under both protocols."""
    from .scores import score_file

    scores = score_file(file, lexicon)
    if format is Format.json:
        _print_json(scores)
        return
    from express_cards.terminal import print_scores

    print_scores(scores)


@app.command()
def install(
    source: Annotated[
        str, typer.Option(help="express (from the Hub), sample, or a CSV, JSONL or Parquet file.")
    ] = "express",
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Make load_dataset("express") and evaluate.load("express_alignment") work from anywhere."""
    from .installing import install as install_names

    installed = install_names(source)
    if format is Format.json:
        _print_json(installed)
        return
    from express_cards.terminal import print_installed

    print_installed(installed)


def _print_json(value: dict[str, Any]) -> None:
    # Straight to stdout: a pager or a colour code would break what reads it.
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def main() -> None:
    """Run the command; a user's mistake ends with one sentence and exit code 2."""
    try:
        app()
    except ValueError as error:
        from express_dataset.errors import DataError
        from express_metric.errors import MetricError

        from .errors import RunError

        if not isinstance(error, DataError | MetricError | RunError):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
