"""The folder of the leaderboard's Space: a page, a report for each row, and the same as JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from express_dataset.errors import require
from express_metric.errors import ExpressError
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun

from ...comparison.runs import load_runs
from ...reports.report import page_of
from ...reports.sheet import Sheet, Told, read_sheet
from ...submissions.sources import known_source
from ..files import write
from ..options import SpaceOptions
from .board import as_json
from .gather import Found, Gathered, gather
from .page import RESULTS, page
from .rows import Entry, Refused, entry_of, file_name

REPORTS = "reports"
README = Path(__file__).with_name("README.md")

_NO_TEXTS = (
    "People's posts are not shown on a leaderboard, only their emotion words and what the model "
    "wrote: whoever may read the data sees them too with `express report`."
)
_TWICE = (
    "{0} is the same run as {1}, which is ranked: the same model, asked in the same way, with the "
    "same answers."
)


def stage(folder: Path, options: SpaceOptions) -> None:
    """Write the leaderboard."""
    require("jinja2", "report")  # said before any work is done
    with tempfile.TemporaryDirectory() as scratch:
        gathered = gather(options, Path(scratch))
        entries, refused = _rows(folder, gathered)
    if not entries and not options.results:
        raise RunError(f"no run could be ranked: {refused[0].reason}")
    results = gathered.repo or RESULTS
    write(folder, "index.html", page(entries, refused, results))
    board = json.dumps(as_json(entries, refused), indent=2, allow_nan=False)
    write(folder, "results.json", f"{board}\n")
    write(folder, "README.md", README.read_text("utf-8").replace(RESULTS, results))


def _rows(folder: Path, gathered: Gathered) -> tuple[list[Entry], list[Refused]]:
    """Write the reports, one after the other, and keep what the rows need."""
    kept: list[tuple[Found, Entry]] = []
    refused = list(gathered.refused)
    for found in gathered.runs:
        try:
            entry, report = row_of(found)
        except ExpressError as error:
            # Nobody needs to know where the run lies on this machine.
            refused.append(Refused(found.name, str(error).replace(str(found.path), found.name)))
            continue
        twin = next((other.name for other, row in kept if _same(row, entry, other.own)), None)
        if twin is not None:
            refused.append(Refused(found.name, _TWICE.format(found.name, twin)))
            continue
        name = _unused(f"{REPORTS}/{file_name(entry)}", {one.report for _, one in kept})
        write(folder, name, report)
        kept.append((found, replace(entry, report=name)))
    return [entry for _, entry in kept], refused


def _same(row: Entry, entry: Entry, own: bool) -> bool:
    # A submission may call the model of the user's own run otherwise. Between strangers it may
    # not: one could else take the place of another by naming its model.
    return row.same_run(entry) or (own and row.same_run(replace(entry, model=entry.ran_as)))


def row_of(found: Found) -> tuple[Entry, str]:
    """A run as a row, and its report."""
    run = FinishedRun.read(found.path)
    if run.part:
        raise RunError(
            f"{found.path}: {run.part}, and only a whole run is ranked; finish it with the "
            "`express run` command that began it."
        )
    sheet = _sheet(found, run)
    told = sheet.told[0]
    standing = tuple(note for note in told.notes if note.startswith("NOT "))
    entry = replace(entry_of(sheet.runs[0]), notes=standing)
    return entry, page_of(Sheet(sheet.runs, [_public(told, standing)]))


def _sheet(found: Found, run: FinishedRun) -> Sheet:
    data = run.asked.dataset
    if found.own or run.record.last.dataset == known_source(data.name or "", data.revision):
        return read_sheet([run], found.lexicon)
    completions = [line.get("completion") for line in run.lines]
    return Sheet(load_runs([run], found.lexicon), [Told(completions, None, asked=run.asked)])


def _public(told: Told, standing: Sequence[str]) -> Told:
    """What everybody may read: of the texts only those that were written for this project."""
    if told.texts is not None and told.asked and told.asked.dataset.sample:
        return replace(told, notes=tuple(standing))
    return replace(told, texts=None, pool=None, notes=(*standing, _NO_TEXTS))


def _unused(name: str, taken: set[str]) -> str:
    """A file for each run, even where two differ in nothing that their names tell."""
    found, number = f"{name}.html", 1
    while found in taken:
        number += 1
        found = f"{name}-{number}.html"
    return found
