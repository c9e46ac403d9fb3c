"""The authors' own files, read as they are: one CSV or XLSX for each coder.

Columns `index`, `option1`, `option2`, `swap` (1 where the model's words stand first),
`your_choice`, and where they have them `choice` (decoded), `code`, and notes.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError
from express_metric.lexicon import normal
from express_metric.parsing import plain_list

from ..comparison.published import tables
from .judged import (
    Choice,
    Item,
    Judged,
    Judgement,
    Side,
    check_once,
    decode,
    read_codes,
    read_place,
)
from .sheets import Row

NEEDED = ("index", "option1", "option2", "swap", "your_choice")
_STORED: dict[str, Choice] = {"SD": "person", "LLM": "model", "both": "both", "neither": "neither"}
_NOTES = ("general_note", "why_both", "why_neither")
_SWAP: dict[str, tuple[Side, Side]] = {
    **dict.fromkeys(("0", "0.0", "false"), ("person", "model")),
    **dict.fromkeys(("1", "1.0", "true"), ("model", "person")),
}
_BOTH_IN_FILES = "12"  # the files' code for "both", which the paper prints as 11


def is_authors(rows: Sequence[Row]) -> bool:
    """Whether a sheet has the columns of the authors' form."""
    return bool(rows) and set(NEEDED) <= rows[0].cells.keys()


def read_authors(sheets: Mapping[Path, Sequence[Row]]) -> Judged:
    """Join the files of the coders."""
    judgements: list[Judgement] = []
    items: dict[str, Item] = {}
    differing: list[dict[str, str]] = []
    notes: list[str] = []
    seen: dict[str, set[str]] = {}
    for path, rows in sheets.items():
        coder = path.stem
        if coder in seen:
            raise DataError(f"{path}: two files are of a coder {coder}; rename one of them")
        read = [_row(coder, row) for row in rows]
        check_once([one for one, _, _ in read], str(path))
        for one, item, stored in read:
            judgements.append(one)
            before = items.setdefault(item.id, item)
            if (before.person, before.model) != (item.person, item.model):
                notes.append(
                    f"{coder} was shown other words for {item.id} ({_shown(item)}) than the first "
                    f"coder ({_shown(before)}), whose words are shown."
                )
            if stored is not None and stored != one.choice:
                differing.append(
                    {"coder": coder, "item": item.id, "stored": stored, "decoded": one.choice}
                )
        seen[coder] = {one.item for one, _, _ in read}
    shared = set.intersection(*seen.values())
    if not shared:
        raise DataError(
            f"{', '.join(seen)}: no item was judged by all of these coders; give the files of one "
            "study"
        )
    notes += [
        f"{item} was not judged by {', '.join(c for c in seen if item not in seen[c])}; it counts "
        "by coder, and not among the posts that all judged."
        for item in sorted(items.keys() - shared)
    ]
    if not any(one.codes for one in judgements):
        notes.append("These files hold no codes, so that Table A.7 of the paper is not checked.")
    name = ", ".join(path.name for path in sheets)
    return Judged(name, judgements, items, _codebook(), len(seen), differing, notes)


def _row(coder: str, row: Row) -> tuple[Judgement, Item, Choice | None]:
    cells = row.cells
    sides = _SWAP.get(cells["swap"].strip().lower())
    if sides is None:
        raise DataError(f"{row.where}: swap is {cells['swap']!r}; it must be 0 or 1")
    first, second = (_words(cells[name], row.where) for name in ("option1", "option2"))
    words: dict[str, Any] = dict(zip(sides, (first, second), strict=True))
    masks = len(words["person"])
    key = cells["index"].strip()
    if not key:
        raise DataError(f"{row.where}: the index is empty, so that the row joins no other file")
    item = Item(key, **words, text=cells.get("segment") or None, strata={"masks": str(masks)})
    choice = decode(read_place(cells["your_choice"], row.where), sides[0])
    reason = " ".join(filter(None, (cells.get(name, "").strip() for name in _NOTES)))
    stored = cells.get("choice", "").strip()
    if stored and stored not in _STORED:
        raise DataError(
            f"{row.where}: choice is {stored!r}; it must be one of {', '.join(_STORED)}"
        )
    one = Judgement(coder, key, choice, sides[0], (), reason)
    return replace(one, codes=read_codes(cells.get("code", ""))), item, _STORED.get(stored)


def _words(cell: str, where: str) -> tuple[str, ...]:
    found: Any = plain_list(cell)
    if found is None:
        try:
            found = ast.literal_eval(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
    if not isinstance(found, list) or not found or not all(isinstance(w, str) for w in found):
        raise DataError(f"{where}: {cell!r} is no list of words, such as ['sad', 'glad']")
    return tuple(map(normal, found))


def _shown(item: Item) -> str:
    return f"{', '.join(item.person)} / {', '.join(item.model)}"


def _codebook() -> dict[str, str]:
    named = {str(row["code"]): str(row["name"]) for row in tables()["table_a7"]}
    return named | {_BOTH_IN_FILES: named["11"]}
