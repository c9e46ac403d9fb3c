"""`express results ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from express_cards.submissions.options import PushOptions

from .printing import Format, FormatOption, tell
from .takes import takes

app = typer.Typer(
    help="Results: on a model's page, in a results dataset.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
@takes(PushOptions)
def push(options: PushOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Propose a run's figures to the model's page, and the run to a results dataset."""
    from express_cards.submissions.push import as_text, push_results

    told = push_results(options)
    tell(format, told, lambda: as_text(told))


@app.command()
def record(
    run: Annotated[Path, typer.Argument(help="A finished run's folder; the files go there.")],
    organization: Annotated[
        str, typer.Option(help="Who ran it.", show_default=False)
    ] = "express-benchmark user",
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Write a run as Every Eval Ever records it; without the stories, which are private."""
    from express_runners.runs.every_eval import write_record

    files = [str(file) for file in write_record(run, organization)]
    tell(format, {"files": files}, lambda: "\n".join(files))


@app.command()
def validate(
    where: Annotated[
        str,
        typer.Argument(
            help="A submission's folder, a folder with submissions/MODEL/SETTING, or a results "
            "dataset ORG/NAME (or ORG/NAME@REVISION)."
        ),
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(help="The data they answered, as for run --dataset; may be repeated."),
    ] = None,
    lexicon: Annotated[
        str | None,
        typer.Option(help="A CSV file: the lexicon of submissions that were scored with it."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="They answered only the first N examples.")
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Check submissions: data, answers, scores and signatures; exit code 2 if one is refused."""
    from express_cards.submissions.sources import Sources
    from express_cards.submissions.validate import print_verdicts
    from express_cards.submissions.validate import validate as check_all

    verdicts = check_all(where, Sources(data or (), lexicon, limit))
    tell(
        format,
        {"submissions": [verdict.told() for verdict in verdicts]},
        lambda: print_verdicts(verdicts),
    )
    if not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(2)
