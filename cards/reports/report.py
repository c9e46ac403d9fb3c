"""Runs as one page that opens from disk, with no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun
from express_runners.runs.store import REPORT_FILE

from ..pages import render, write_page
from .sheet import Sheet, read_sheet
from .view import view


def write_report(run: FinishedRun, lexicon: str | None = None) -> Path:
    """Write `report.html` into the folder of a finished run, and return its path."""
    require("jinja2", "report")
    return _write(run.folder / REPORT_FILE, read_sheet([run], lexicon))


def report(
    paths: Sequence[Path],
    out: Path,
    lexicon: str | None = None,
    study: Mapping[str, Any] | None = None,
    group_by: Sequence[str] = (),
) -> Path:
    """Write a page on one run, or on several that answered the same examples.

    Args:
        study: the section of an experts' study, as `express_cards.study.page.section` gives it.
    """
    require("jinja2", "report")  # said before any work is done
    if not paths:
        raise RunError("no run is given: give a run's folder or a file of results.")
    if out.is_dir():
        raise RunError(f"--out {out} is a folder: give the name of a file, such as page.html.")
    return _write(out, read_sheet(paths, lexicon, group_by), study)


def page_of(sheet: Sheet, study: Mapping[str, Any] | None = None) -> str:
    """The page as text.

    Nothing from data is ever markup: jinja2 escapes it, drawings escape it, and the examples are a
    packed block of which the script makes text nodes. The policy in the page's head admits only
    the page's own scripts and style, by their hashes, and no request to anywhere.
    """
    scripts = ["page.js", "examples.js"]
    return render("report.html", "report.css", scripts, study=study, **view(sheet))


def _write(path: Path, sheet: Sheet, study: Mapping[str, Any] | None = None) -> Path:
    return write_page(path, page_of(sheet, study))
