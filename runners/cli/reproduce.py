"""`express reproduce`: the paper's experiment, published figures beside one's own."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import RunError
from .printing import Format, FormatOption, print_json

app = typer.Typer(rich_markup_mode=None)
PAGE, DATA = "beside-the-paper.html", "beside-the-paper.json"


@app.command()
def reproduce(
    out: Annotated[Path, typer.Option(help="The folder of the runs and of the page.")],
    models: Annotated[
        list[str] | None,
        typer.Option("--models", help="Only these of the paper's models; give it once for each."),
    ] = None,
    from_files: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Result files of the authors' form, or runs, instead."),
    ] = None,
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; each run's own by default.")
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Run what is missing of the paper's 35 runs, then write the page *Beside the paper*."""
    from express_cards.comparison.paper import beside_the_paper
    from express_cards.comparison.runs import load_runs
    from express_cards.reports.paper import paper_page
    from express_dataset.errors import require

    require("jinja2", "report")  # said before any answer is paid for
    failed = 0
    if from_files:
        paths = list(from_files)
    else:
        paths, failed = _run(out, models)
    found = beside_the_paper(load_runs(paths, lexicon))
    page = paper_page(found, out / PAGE)
    if format is Format.json:
        print_json({"page": str(page), "failed": failed, **found})
    else:
        told = f"{len(paths)} of your runs beside the paper's 35"
        typer.echo(f"{page}  {told}: open it in a browser")
    if failed:
        sys.stderr.write(f"{failed} runs failed; the same command tries them again\n")
        raise typer.Exit(1)


def _run(out: Path, models: list[str] | None) -> tuple[list[Path], int]:
    """Run the recipe, or its part about some models: the folders that are done, and failures."""
    from ..planning.sweep import Result, run_sweep
    from ..planning.sweep_file import read_sweep

    sweep = read_sweep("paper", out)
    if models:
        known = {str(job.options["model"]) for job in sweep.jobs}
        if strange := [name for name in models if name not in known]:
            raise RunError(
                f"--models {strange[0]}: not a model of the paper; choose of "
                f"{', '.join(sorted(known))}."
            )
        jobs = tuple(job for job in sweep.jobs if job.options["model"] in models)
        sweep = dataclasses.replace(sweep, jobs=jobs)

    def tell(result: Result, place: int, whole: int) -> None:
        sys.stderr.write(f"{place}/{whole} {result.name}: {result.status} {result.sentence}\n")

    results = run_sweep(sweep, tell)
    done = [Path(result.folder) for result in results if result.status == "done"]
    return done, sum(result.status == "failed" for result in results)
