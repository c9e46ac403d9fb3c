"""Reasons and their codes: listed, taken over from a second reader, and counted by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError

from .agreement import code_table
from .folder import judged_of, read_study
from .judged import Judged, Judgement, read_codes
from .sheets import SHEETS, read_sheet, write_csv, write_xlsx
from .store import Store

HEADER = ("coder", "item", "text", "first", "second", "choice", "reason", "codes")


def study_codes(
    folder: Path,
    key: Path | None = None,
    out: Path | None = None,
    add: Path | None = None,
    reader: str = "reader",
) -> dict[str, Any]:
    """Reasons with all their codes, and a table of codes by side.

    `out` is a sheet to write for a reader: it shows places, not sides, so that the reader is blind
    too, with the codes given so far to be kept, changed or added to. `add` is such a sheet, filled;
    its codes are kept under the name `reader`, beside the coders'.
    """
    told = []
    judged = judged_of(folder, key)
    study = read_study(folder)
    store = Store.open(folder, study.id)
    try:
        if add is not None:
            codings = _read_codings(add, judged)
            store.code(reader, codings)
            told.append(f"{len(codings)} answers coded by {reader} were taken over from {add}.")
        everyone = store.codings()
    finally:
        store.close_connection()
    both = [_joined(one, everyone) for one in judged.judgements]
    if out is not None:
        _write(out, replace(judged, judgements=both))
        told.append(f"Next: fill the column codes of {out}, then give it with --add {out}")
    if everyone:
        told.append(_alike(judged, everyone))
    return {
        "reasons": [
            {
                "coder": one.coder,
                "item": one.item,
                "choice": one.choice,
                "reason": one.reason,
                "codes": list(one.codes),
            }
            for one in both
            if one.reason or one.codes
        ],
        "codes": code_table(both, judged.codebook),
        "readers": {name: len(given) for name, given in everyone.items()},
        "told": told,
    }


Codings = dict[str, dict[tuple[str, str], tuple[str, ...]]]


def _joined(one: Judgement, everyone: Codings) -> Judgement:
    """The answer with the coder's own codes and those of every reader."""
    added = [code for given in everyone.values() for code in given.get((one.coder, one.item), ())]
    return replace(one, codes=tuple(dict.fromkeys((*one.codes, *added))))


def _read_codings(file: Path, judged: Judged) -> dict[tuple[str, str], tuple[str, ...]]:
    known = {(one.coder, one.item) for one in judged.judgements}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in read_sheet(file):
        if not {"coder", "item", "codes"} <= row.cells.keys():
            raise DataError(f"{row.where}: the columns coder, item and codes are needed")
        where = row.cells["coder"].strip(), row.cells["item"].strip()
        if where not in known:
            raise DataError(f"{row.where}: {' '.join(where)} is no answer of this study")
        if where in found:
            raise DataError(f"{row.where}: {' '.join(where)} stands there twice; keep one")
        codes = read_codes(row.cells["codes"])
        unknown = [code for code in codes if code not in judged.codebook]
        if unknown:
            raise DataError(
                f"{row.where}: code {unknown[0]} is not in codebook.json; give it a name there "
                f"(there are {', '.join(judged.codebook)})"
            )
        if codes:
            found[where] = codes
    return found


def _write(out: Path, judged: Judged) -> None:
    if out.suffix.lower() not in SHEETS:
        raise DataError(f"--out {out}: the sheet must be .csv or .xlsx")
    if out.exists():
        raise DataError(f"--out {out} is there already: give a new name (nothing was changed)")
    rows = []
    for one in judged.judgements:
        item = judged.items[one.item]
        sides = (item.person, item.model) if one.first == "person" else (item.model, item.person)
        first, second = (", ".join(words) for words in sides)
        codes = ", ".join(one.codes)
        rows.append(
            (
                one.coder,
                one.item,
                item.text or "",
                first,
                second,
                one.place or "",
                one.reason,
                codes,
            )
        )
    if out.suffix.lower() == ".csv":
        write_csv(out, HEADER, rows)
    else:
        write_xlsx(out, HEADER, rows, {})


def _alike(judged: Judged, everyone: Codings) -> str:
    """How often a reader gave a coder's own codes, of answers that both coded."""
    own = {(one.coder, one.item): set(one.codes) for one in judged.judgements if one.codes}
    pairs: Sequence[tuple[set[str], set[str]]] = [
        (own[where], set(codes))
        for given in everyone.values()
        for where, codes in given.items()
        if where in own
    ]
    if not pairs:
        return "No answer was coded by its coder and by a reader, so that they cannot be compared."
    same = sum(a == b for a, b in pairs)
    some = sum(bool(a & b) for a, b in pairs)
    return (
        f"Of {len(pairs)} answers coded twice, coder and reader gave the same codes to {same}, and "
        f"share at least one on {some}."
    )
