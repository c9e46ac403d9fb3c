"""A study's folder, and the key beside it that the server never reads.

`study.json`: texts and options in a drawn order. `codebook.json`, `definitions.json` and
`instructions.txt` may be edited. `links.json`: a token for each coder. `sheets/`: the same as
tables. `answers.sqlite`: what was answered on the page.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError
from express_dataset.files import read_text

from .judged import OTHER, Item, Judged, Judgement, check_once, decode, read_codes, read_place
from .sheets import SHEETS, Row, read_sheet
from .store import ANSWERS, Answer, Store

FORMAT, KEY_FORMAT = "express-study-1", "express-study-key-1"
STUDY, LINKS, SHEETS_FOLDER = "study.json", "links.json", "sheets"
CODEBOOK, DEFINITIONS, INSTRUCTIONS = "codebook.json", "definitions.json", "instructions.txt"
HEADER = (
    "study",
    "coder",
    "item",
    "text",
    "first",
    "second",
    "choice",
    "confidence",
    "codes",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as one coder sees it."""

    item: str
    text: str
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """What is asked of whom; nothing of it tells which side is whose."""

    # where, and its name
    folder: Path
    id: str
    sha256: str  # of `study.json`, so that a key fits one study only
    per_item: int  # how many coders judge each item
    ask: tuple[str, ...]  # further questions: reason, codes, confidence
    orders: Mapping[str, Sequence[Shown]]  # for each coder the items in order
    # as they were edited
    codebook: Mapping[str, str]
    definitions: Mapping[str, str]
    instructions: str


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study."""
    return (folder / STUDY).is_file()


def key_path(folder: Path) -> Path:
    """Where the key of a study is by default: beside its folder, not in it."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}-key.json")


def read_study(folder: Path) -> Study:
    """Read a study's folder, but for its key."""
    if not is_study(folder):
        raise DataError(f"{folder} is no study ({STUDY} is missing): make one by express study new")
    file = folder / STUDY
    content = read_object(file)
    if content.get("format") != FORMAT:
        raise DataError(f"{file}: the format is {content.get('format')!r}; {FORMAT} is needed")
    try:
        items = {item["id"]: item for item in content["items"]}
        orders = {
            coder: [_shown(items[item], swapped) for item, swapped in order]
            for coder, order in content["orders"].items()
        }
        per_item, ask = int(content["per_item"]), tuple(content["ask"])
        name = str(content["study"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{file} is damaged ({error!r}): take it from a copy") from None
    return Study(
        folder,
        name,
        hashlib.sha256(file.read_bytes()).hexdigest(),
        per_item,
        ask,
        orders,
        _texts(folder / CODEBOOK),
        _texts(folder / DEFINITIONS),
        _text(folder / INSTRUCTIONS),
    )


def _shown(item: Mapping[str, Any], swapped: bool) -> Shown:
    a, b = tuple(item["a"]), tuple(item["b"])
    return Shown(item["id"], item["text"], *((b, a) if swapped else (a, b)))


def read_links(folder: Path) -> dict[str, str]:
    """Each coder's token."""
    return _texts(folder / LINKS)


def judged_of(folder: Path, key: Path | None = None) -> Judged:
    """A study's answers, from its page and its sheets, decoded."""
    study = read_study(folder)
    answers: list[Answer | tuple[str, Answer]] = []
    if (folder / ANSWERS).is_file():
        store = Store.open(folder, study.id)
        answers += store.answers()
        store.close_connection()
    for file in sorted((folder / SHEETS_FOLDER).glob("*")):
        if file.suffix in SHEETS:
            answers += [row for row in map(_answer, read_sheet(file)) if row is not None]
    judged = decoded(answers, key or key_path(folder), study.sha256)
    return replace(judged, name=folder.name, codebook=study.codebook, asked=study.per_item)


def judged_of_sheets(rows: Sequence[Row], key: Path) -> Judged:
    """Sheets of one study without its folder, decoded."""
    return decoded([one for one in map(_answer, rows) if one is not None], key, None)


def _answer(row: Row) -> tuple[str, Answer] | None:
    """What a row of a sheet says, with its study; None where the choice is empty."""
    missing = [name for name in ("study", "coder", "item", "choice") if name not in row.cells]
    if missing:
        raise DataError(
            f"{row.where}: the sheet has no column {missing[0]}; take it as it was made"
        )
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    if not cells["choice"]:
        return None
    confidence = cells.get("confidence", "").removesuffix(".0")
    if confidence and confidence not in ("1", "2", "3", "4", "5"):
        raise DataError(f"{row.where}: the confidence is {confidence!r}; write 1 to 5, or nothing")
    return cells["study"], Answer(
        cells["coder"],
        cells["item"],
        read_place(cells["choice"], row.where),
        int(confidence) if confidence else None,
        cells.get("reason", ""),
        read_codes(cells.get("codes", "")),
    )


def decoded(
    answers: Sequence[Answer | tuple[str, Answer]], key: Path, sha256: str | None
) -> Judged:
    """Say whose word each answer chose."""
    content = _read_key(key)
    if sha256 is not None and content["sha256"] != sha256:
        raise DataError(
            f"{key} is the key of another study ({content['study']}), or study.json was changed: "
            "give this study's --key"
        )
    judgements = []
    for given in answers:
        study, one = given if isinstance(given, tuple) else (content["study"], given)
        where = f"{one.coder}, {one.item}"
        if study != content["study"]:
            raise DataError(f"{where}: the sheet is of the study {study}, the key of another")
        first = content["first"].get(one.coder, {}).get(one.item)
        if one.item not in content["items"] or first is None:
            raise DataError(
                f"{where}: the key knows no such item for this coder; take coder and item as the "
                "sheet had them"
            )
        judgements.append(
            Judgement(
                one.coder,
                one.item,
                decode(one.place, first),
                first,
                one.codes,
                one.reason,
                one.confidence,
            )
        )
    check_once(judgements, str(key.name))
    order = {coder: place for place, coder in enumerate(content["first"])}
    judgements.sort(key=lambda one: (order[one.coder], one.item))
    items = content["items"]
    note = f"The posts and the model's words are those of {content.get('run')} "
    note += f"({content.get('signature')})."
    return Judged(key.stem, judgements, items, asked=content["per_item"], notes=[note])


def _read_key(key: Path) -> dict[str, Any]:
    if not key.is_file():
        raise DataError(f"{key}: the key is not there; say with --key where it is kept")
    content = read_object(key)
    kinds = {"study": str, "sha256": str, "items": dict, "first": dict, "per_item": int}
    if content.get("format") != KEY_FORMAT or any(
        not isinstance(content.get(name), kind) for name, kind in kinds.items()
    ):
        raise DataError(f"{key} is no key of a study: give the file that express study new wrote")
    try:
        strange = {one for drawn in content["first"].values() for one in drawn.values()} - {*OTHER}
        items: dict[str, Item] = {
            name: Item(name, tuple(i["person"]), tuple(i["model"]), i["text"], dict(i["strata"]))
            for name, i in content["items"].items()
        }
        if not all(isinstance(v, str) for one in items.values() for v in one.strata.values()):
            raise TypeError("a stratum is no text")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{key} is damaged ({error!r}): take it from a copy") from None
    if strange:
        raise DataError(
            f"{key} is damaged (no side is called {strange.pop()!r}): take it from a copy"
        )
    return content | {"items": items}


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object from a file of a study."""
    try:
        value = json.loads(read_text(file))
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}): take it from a copy") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is not JSON ({error}): mend it, or take it from a copy") from None
    if not isinstance(value, dict):
        raise DataError(f"{file} must hold a JSON object: mend it, or take it from a copy")
    return value


def _texts(file: Path) -> dict[str, str]:
    found = read_object(file)
    if not all(isinstance(value, str) for value in found.values()):
        raise DataError(f"{file}: every value must be a text in quotes")
    return found


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read ({error}): write it anew as UTF-8") from None


def write_private(file: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that only the owner can read."""
    text = json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "replace")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(text + b"\n")


def close_study(folder: Path, reopen: bool = False) -> str:
    """Close a study, or open it again; a sentence that tells of it."""
    study = read_study(folder)
    store = Store.open(folder, study.id)
    store.close(reopen)
    count = len(store.answers())
    store.close_connection()
    state = "open again" if reopen else "closed"
    told = f"{folder} is {state}; answers kept on the page: {count}."
    return f"{told} Next: express study agreement {folder}"
