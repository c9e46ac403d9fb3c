"""`express reproduce`: the paper's experiment, published figures beside one's own."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RunError
from ..planning.sweep_file import Sweep, read_sweep
from .printing import Format, FormatOption, tell, tell_run

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
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE[=MODEL,SETTING]",
            help="A result file of the authors' form, or a run, instead; give it once for each. A "
            "file tells no model and no setting, so say them: answers.csv=gpt-4o,cot.",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="Another sweep's YAML file, such as a copy with your `template`.")
    ] = "paper",
    page_only: Annotated[
        bool, typer.Option("--page-only", help="Start no run: the page of those that are done.")
    ] = False,
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; each run's own by default.")
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Run what is missing of the paper's 35 runs, then write the page *Beside the paper*.

    The page holds every run of the recipe that is done in the folder, whichever models are asked
    for now; its figures stand as JSON beside it.
    """
    from express_cards.comparison.paper import beside_the_paper
    from express_cards.comparison.runs import load_runs, named, tell_twice
    from express_cards.reports.paper import paper_page
    from express_dataset.errors import require

    from ..runs.store import write_json

    require("jinja2", "report")  # said before any answer is paid for
    failed = 0
    if from_files:
        runs = named([_taken(text, lexicon) for text in from_files])
        tell_twice([one for run in runs if (one := run.file or (run.folder and run.folder.folder))])
    else:
        paths, failed = _run(read_sweep(recipe, out), models, start=not page_only)
        runs = load_runs(paths, lexicon)
    found = beside_the_paper(runs)
    page = paper_page(found, out / PAGE)
    write_json(out / DATA, found)
    count = f"{len(runs)} of your runs" if len(runs) != 1 else "1 of your runs"
    told = f"{page}  {count} beside the paper's 35: open it in a browser"
    files = f"{told}\n{out / DATA}  the same figures as JSON"
    tell(format, {"page": str(page), "failed": failed, **found}, lambda: files)
    if failed:
        told = "1 run failed" if failed == 1 else f"{failed} runs failed"
        sys.stderr.write(f"{told}; the same command tries again\n")
        raise typer.Exit(1)


def _taken(text: str, lexicon: str | None) -> Any:
    """A run or file, with the model and setting that are given for it."""
    from express_cards.comparison.published import SETTINGS
    from express_cards.comparison.runs import load_runs

    name, _, about = text.partition("=") if not Path(text).exists() else (text, "", "")
    (run,) = load_runs([Path(name)], lexicon)
    if run.file:
        told = "a file does not tell its data; whether its rows are EXPRESS's is not checked"
        sys.stderr.write(f"note: {name}: {told}\n")
    if not about:
        return run
    model, _, setting = about.rpartition(",")
    setting = setting.strip().replace("few-shot-", "few-shot ")
    if not model or setting not in SETTINGS.values():
        raise RunError(
            f"--from {text}: after = give the model, a comma and one of "
            f"{', '.join(SETTINGS.values())}"
        )
    if run.folder:
        raise RunError(f"--from {text}: a run's folder tells its model and setting; leave out =")
    model = model.strip()
    whole = f"{model.rpartition('/')[2]} {setting}"
    return dataclasses.replace(run, name=whole, model=model, setting=setting)


def _run(sweep: Sweep, models: list[str] | None, *, start: bool) -> tuple[list[Path], int]:
    """Run a recipe, or its part about some models: the folders that are done, and failures."""
    from ..planning.sweep import run_sweep, status

    part = sweep
    if models:
        known = {str(job.options["model"]) for job in sweep.jobs}
        if strange := [name for name in models if name not in known]:
            raise RunError(
                f"--models {strange[0]}: not a model of the recipe; choose of "
                f"{', '.join(sorted(known))}."
            )
        jobs = tuple(job for job in sweep.jobs if job.options["model"] in models)
        part = dataclasses.replace(sweep, jobs=jobs)

    results = run_sweep(part, tell_run) if start else []
    done = [Path(one.folder) for one in status(sweep) if one.status == "done"]
    return done, sum(result.status == "failed" for result in results)
