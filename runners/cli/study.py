"""`express study ...`: the experts' blind study of a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from express_cards.study.options import NewOptions

from .printing import Format, FormatOption, tell
from .takes import takes

app = typer.Typer(
    help="Which word fits better, the person's or the model's? Experts judge it blind.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
StudyFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder that express study new wrote.")
]
KeyOption = Annotated[
    Path | None, typer.Option(help="Which side is whose; DIR-key.json beside the study by default.")
]


@app.command()
@takes(NewOptions)
def new(options: NewOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Draw posts where person and model differ: texts, codebook, links, sheets, and a key apart."""
    from express_cards.study.new import new_study
    from express_cards.study.terminal import print_new

    made = new_study(options)
    tell(format, made, lambda: print_new(made))


@app.command()
def serve(
    folder: StudyFolder,
    host: Annotated[
        str, typer.Option(help="127.0.0.1 is this machine only; 0.0.0.0 lets others reach it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any free one.")] = 7861,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Show the study's page until Ctrl-C, with a link for each coder."""
    from express_cards.study.server import Served
    from express_cards.study.server import serve as serve_study
    from express_cards.study.terminal import print_served

    def ready(served: Served) -> None:
        tell(format, dataclasses.asdict(served), lambda: print_served(folder, served))

    serve_study(folder, host, port, ready)


@app.command()
def close(
    folder: StudyFolder,
    reopen: Annotated[bool, typer.Option("--reopen", help="Take answers again.")] = False,
) -> None:
    """Take no more answers; what was given stays."""
    from express_cards.study.folder import close_study

    typer.echo(close_study(folder, reopen))


@app.command()
def agreement(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR|CSV...", help="A study, its sheets, or the authors' files as they are."
        ),
    ],
    key: KeyOption = None,
    out: Annotated[Path | None, typer.Option(help="Also write a page.")] = None,
    draws: Annotated[int, typer.Option(help="Bootstrap draws and permutations.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    lexicon: Annotated[
        str,
        typer.Option(help="For families and kinds of error of files without: nrc, express, CSV."),
    ] = "nrc",
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Decode the sides; majorities, agreement, preference, contextual accuracy, codes."""
    from express_cards.study.page import write_page
    from express_cards.study.results import results
    from express_cards.study.terminal import print_agreement
    from express_metric.analysis.resampling import Resampling

    found = results(paths, key, lexicon, Resampling(draws, seed))
    page = write_page(found, out) if out else None
    tell(format, found, lambda: print_agreement(found, page))


@app.command()
def codes(
    folder: StudyFolder,
    key: KeyOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the reasons as a sheet for a reader: .csv or .xlsx.")
    ] = None,
    add: Annotated[
        Path | None, typer.Option(help="Take over the codes of such a sheet, filled by a reader.")
    ] = None,
    reader: Annotated[str, typer.Option(help="Who filled the sheet of --add.")] = "reader",
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """List the coders' reasons, take over a second reader's codes, and count codes by side."""
    from express_cards.study.codes import study_codes
    from express_cards.study.terminal import print_codes

    found = study_codes(folder, key, out, add, reader)
    tell(format, found, lambda: print_codes(found))
