"""The options of `express results`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


@dataclass(frozen=True, slots=True)
class PushOptions:
    """One submission as the command line asks for it."""

    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")]
    model: Annotated[
        str | None,
        typer.Option(metavar="ORG/MODEL", help="The model's repository, whose page shows it."),
    ] = None
    results: Annotated[
        str | None,
        typer.Option(metavar="ORG/NAME", help="The results dataset that takes the submission."),
    ] = None
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="ORG/NAME", help="The data on the Hub; the run's own, if it came from there."
        ),
    ] = None
    dataset_revision: Annotated[
        str | None, typer.Option(metavar="SHA", help="The commit of --dataset.")
    ] = None
    out: Annotated[
        Path | None, typer.Option(help="Only write the files, into this folder; push nothing.")
    ] = None
    no_pr: Annotated[
        bool, typer.Option("--no-pr", help="Commit at once instead of by pull request.")
    ] = False
    same_weights: Annotated[
        bool,
        typer.Option(
            "--same-weights",
            help="The local or served model of the run has the weights of --model.",
        ),
    ] = False
    template: Annotated[
        Path | None,
        typer.Option(help="The wording of the run's prompt, where it was one of your own."),
    ] = None
    lexicon: Annotated[
        str | None,
        typer.Option(help="nrc, express or a CSV file, where the run's own cannot be found."),
    ] = None
