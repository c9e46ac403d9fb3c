"""From what the command line names, a study, its sheets or other files, to its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError
from express_metric import load_lexicon
from express_metric.analysis.resampling import Resampling

from .agreement import HOW, agreement
from .authors import NEEDED, is_authors, read_authors
from .folder import is_study, judged_of, judged_of_sheets
from .items import with_strata
from .judged import Judged
from .sheets import read_sheet
from .told import beside, verdict


def results(
    paths: Sequence[Path], key: Path | None, lexicon: str, how: Resampling = HOW
) -> dict[str, Any]:
    """Everything that `express study agreement` shows, ready for JSON."""
    judged = gather(paths, key)
    if not any("family" in item.strata for item in judged.items.values()):
        judged = with_strata(judged, load_lexicon(lexicon))
    found = agreement(judged, how)
    return {**found, "says": verdict(found), "paper": beside(found)}


def gather(paths: Sequence[Path], key: Path | None = None) -> Judged:
    """Read and decode answers."""
    if not paths:
        raise DataError("nothing is given: give a study's folder, or the coders' CSV files")
    if len(paths) == 1 and paths[0].is_dir():
        return judged_of(paths[0], key)
    folder = next((path for path in paths if path.is_dir()), None)
    if folder is not None:
        what = "its sheets are read with it" if is_study(folder) else "it is no study"
        raise DataError(f"{folder} is a folder, and {what}: give one study, or only files")
    if len(set(paths)) < len(paths):
        raise DataError("a file is given twice; give each coder's file once")
    sheets = {path: read_sheet(path) for path in paths}
    empty = [path for path, rows in sheets.items() if not rows]
    if empty:
        raise DataError(f"{empty[0]}: the sheet has a header and no rows")
    kinds = {is_authors(rows) for rows in sheets.values()}
    if kinds == {True}:
        return read_authors(sheets)
    if kinds == {True, False}:
        raise DataError("some files are of the authors' form and some are not: give one study")
    if not all(
        {"study", "coder", "item", "choice"} <= rows[0].cells.keys() for rows in sheets.values()
    ):
        raise DataError(
            f"{paths[0]}: the columns are those of no known form; a sheet of `express study new` "
            f"has study, coder, item and choice, one of the authors' has {', '.join(NEEDED)}"
        )
    if key is None:
        raise DataError(
            "sheets alone do not tell which side is whose: give --key, or the study's folder"
        )
    return judged_of_sheets([row for rows in sheets.values() for row in rows], key)
