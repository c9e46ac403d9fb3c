"""The one command, `express`. Each command calls one function; heavy imports happen inside."""

from __future__ import annotations

import dataclasses
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from express_metric.errors import ExpressError

from ..config import LeaveOut, RunConfig, Strict
from ..runs.guard import end_with_launcher
from .printing import (
    Format,
    FormatOption,
    GroupBy,
    LexiconOption,
    cleaned,
    tell,
    tell_run,
)
from .takes import takes


class _Commands(TyperGroup):
    """The commands of this file; those of the others are read once one, or all, are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        self.commands = {**self.commands, **_others()}
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; None where there is none."""
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in self.list_commands(ctx):
            found = super().get_command(ctx, cmd_name)
        return found


@cache
def _others() -> dict[str, Any]:
    from . import compare, dataset, harness, reproduce, results, space, study, train

    found = typer.Typer(add_completion=False, rich_markup_mode=None)
    found.add_typer(dataset.app, name="dataset")
    found.add_typer(results.app, name="results")
    found.add_typer(study.app, name="study")
    found.add_typer(train.app, name="train")
    # Without a name: its one command stands beside the others.
    for file in (train.alone, compare.app, space.app, harness.app, reproduce.app):
        found.add_typer(file)
    return dict(get_group(found).commands)


app = typer.Typer(
    name="express",
    cls=_Commands,
    help="EXPRESS: does a language model name the emotion a person felt, in that person's words?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(value: bool) -> None:
    if value:
        from express_metric.signature import VERSION

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
def run(
    config: RunConfig,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show prompts, plan and an estimate; load no weights."),
    ] = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Put a model through EXPRESS and score it; the same command goes on where it stopped."""
    if dry_run:
        from ..planning import dry_run as planning

        plan = planning.dry_run(config)
        tell(format, plan, lambda: planning.as_text(plan))
        return
    from ..runs.run import run as run_model

    result = run_model(config)
    if result is None:
        return
    from express_cards.reports.report import write_report
    from express_dataset.errors import MissingExtra

    page = None
    try:
        page = write_report(result, config.lexicon)
    except MissingExtra as error:
        # The answers are there and scored: a missing page is no reason to fail.
        typer.echo(f"no page was written: {error}", err=True)
    from express_cards.terminal import print_run

    tell(
        format,
        result.scores,
        lambda: print_run(result.folder, result.asked.model, result.scores, page),
    )


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(
            help="The authors' result CSV; CSV, JSONL or Parquet with references and predictions "
            "or completion; or a run's folder."
        ),
    ],
    references: Annotated[
        str, typer.Option(help="The column of the author's words, if it has a name of its own.")
    ] = "",
    predictions: Annotated[
        str, typer.Option(help="The column of the answers: words, lists or raw text.")
    ] = "",
    id: Annotated[str, typer.Option(help="The column of ids.")] = "",  # noqa: A002
    sep: Annotated[
        str, typer.Option(help="What parts the cells of a CSV file, such as ; or tab.")
    ] = "",
    lexicon: LexiconOption = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Score answers that already exist, under both protocols."""
    from ..runs.finished import score_file

    columns = {"references": references, "answers": predictions, "id": id}
    scores = score_file(file, lexicon, columns, sep or None)

    def show() -> None:
        from express_cards.terminal import print_scores  # Rich, which JSON need not wait for

        print_scores(scores)

    tell(format, scores, show)


@app.command()
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Runs' folders, or files that `express score` takes; up to six."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The page to write.")],
    lexicon: LexiconOption = None,
    study: Annotated[
        Path | None, typer.Option(help="The folder of an experts' study of a run, as a section.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The study's key; STUDY-key.json beside it by default.")
    ] = None,
    group_by: GroupBy = None,
) -> None:
    """Show runs as one page that opens from disk, with no network."""
    from express_cards.reports.report import report as make_report

    shown = None
    if study is not None:
        from express_cards.study.page import section
        from express_cards.study.results import results as study_results

        shown = section(study_results([study], key, lexicon or "nrc"))
    page = make_report(runs, out, lexicon, shown, group_by or ())
    typer.echo(f"{page}  open it in a browser")


@app.command()
def sweep(
    file: Annotated[
        str, typer.Argument(help="A YAML file, or `paper`: its fourteen models and four settings.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where the runs go, instead of the file's `out`.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show runs, what is done and an estimate; start none."),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do only the I-th of N shares, as a task of an array."),
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Run models times settings, one after the other; go on after a failure, and on a restart."""
    from ..planning import sweep as sweeping
    from ..planning.sweep_file import read_sweep

    asked = read_sweep(file, out)
    if shard is not None:
        asked = asked.dealt(shard)
    if dry_run:
        from ..planning import sweep_plan

        plan = sweep_plan.plan(asked)
        tell(format, plan, lambda: sweep_plan.as_text(plan))
        return
    results = sweeping.run_sweep(asked, tell_run)
    tell(
        format,
        {"runs": [dataclasses.asdict(result) for result in results]},
        lambda: sweeping.as_text(results),
    )
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


@app.command()
def agree(
    free: Annotated[Path, typer.Argument(help="Folder of a finished run with --decode free.")],
    rank: Annotated[Path, typer.Argument(help="Folder of the same run with --decode rank.")],
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Where a model's free answers and its ranking of a vocabulary agree, mask by mask."""
    from ..runs.agreement import agree as compare

    found = compare(free, rank)
    lines = (f"{name.replace('_', ' '):24} {count}" for name, count in found.items())
    tell(format, found, lambda: "\n".join(lines))


@app.command()
def install(
    source: Annotated[
        str, typer.Option(help="express (from the Hub), sample, or a CSV, JSONL or Parquet file.")
    ] = "express",
    strict: Strict = False,
    leave_out_misfits: LeaveOut = False,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Make load_dataset("express") and evaluate.load("express_alignment") work from anywhere."""
    from express_dataset.sources import misfits_asked

    installed = _install_names(source, misfits_asked(strict, leave_out_misfits))
    from express_cards.terminal import print_installed

    tell(format, installed, lambda: print_installed(installed))


def _install_names(source: str, misfits: str | None) -> dict[str, Any]:
    """Make both bare names load from any folder, and say what was installed, ready for JSON."""
    from express_dataset.install import install_dataset
    from express_metric.install import install_metric

    dataset = install_dataset(source, misfits)
    metric = install_metric()
    return {
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "splits": dict(dataset.splits),
            "path": str(dataset.path),
            "notes": list(dataset.notes),
            "left_out": dataset.left_out,
            "left_out_file": str(dataset.left_out_file) if dataset.left_out_file else None,
        },
        "metric": {"name": "express_alignment", "path": str(metric)},
    }


def main() -> None:
    """Run the command; a user's mistake ends with one sentence and exit code 2."""
    if sys.argv[1:2] in (["run"], ["train"]):
        end_with_launcher()  # before anything that takes time: a launcher may go any moment
    with cleaned():
        _run()


def _huge(words: Sequence[str]) -> str | None:
    """The first number that fits no 32 bits, cut short; without one an overflow is a bug of ours.

    >>> _huge(["--limit=5", "--seed", "99999999999999999999999"]), _huge(["--limit", "nan"])
    ('99999999999999999999', None)
    """
    for word in words:
        with suppress(ValueError):
            if abs(float(word.rpartition("=")[2])) >= 2**31:
                return word.rpartition("=")[2][:20]
    return None


def _run() -> None:
    try:
        app()
    except ExpressError as error:
        told = str(error)
        # What a file calls its columns may be as long as the file.
        told = told if len(told) <= 2000 else f"{told[:1500]}\u2026{told[-400:]}"
        print(f"error: {told}", file=sys.stderr)
    except OverflowError as error:
        if (number := _huge(sys.argv[1:])) is None:
            raise
        print(f"error: {number} is too large ({error}): give a smaller number", file=sys.stderr)
    except RuntimeError as error:
        # So pathlib before 3.13 calls a ring of links.
        if not str(error).startswith("Symlink loop from "):
            raise
        where = str(error).removeprefix("Symlink loop from ")
        print(f"error: {where} is a link that leads to itself: give another", file=sys.stderr)
    except UnicodeEncodeError as error:
        mark = error.object[error.start : error.end]
        print(f"error: {mark!r} cannot be written: use UTF-8 (PYTHONUTF8=1)", file=sys.stderr)
    except OSError as error:
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EPIPE):
            print(f"error: standard output cannot be written: {error.strerror}", file=sys.stderr)
            # What is still buffered cannot be written either, at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        elif isinstance(error.filename, str | bytes | os.PathLike):
            # A file that a command has no sentence of its own for.
            print(f"error: {os.fsdecode(error.filename)}: {error.strerror}", file=sys.stderr)
        else:
            raise
    else:
        return
    sys.exit(2)


if __name__ == "__main__":
    main()
