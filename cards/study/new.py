"""`express study new`: a study of a run, in a folder, with its key beside it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from express_dataset.errors import DataError, require
from express_dataset.files import write_whole
from express_metric.lexicon import Lexicon, normal
from express_metric.plutchik import DIMENSIONS

from ..reports.sheet import Sheet, read_sheet
from .design import Plan, plan, power_note
from .folder import (
    CODEBOOK,
    DEFINITIONS,
    FORMAT,
    HEADER,
    INSTRUCTIONS,
    KEY_FORMAT,
    LINKS,
    SHEETS_FOLDER,
    STUDY,
    Shown,
    Study,
    key_path,
    read_object,
    read_study,
    write_private,
)
from .items import Differ, Drawn, draw
from .judged import PLACES
from .options import NewOptions
from .sheets import write_csv, write_xlsx

HERE = Path(__file__).parent
ASKS = ("confidence", "reason", "codes")


def new_study(options: NewOptions) -> dict[str, Any]:
    """Draw a study and write its folder and its key."""
    require("openpyxl", "study")
    require("scipy", "study")
    ask, differ = _asked(options)
    key = options.key or key_path(options.out)
    for path in (options.out, key):
        if path.exists():
            raise DataError(f"{path} is there already: give a new --out (nothing was changed)")
    if key.resolve().is_relative_to(options.out.resolve()):
        raise DataError(
            f"--key {key} lies in the study's folder, which is served: put it elsewhere"
        )
    seed = secrets.randbits(64) if options.seed is None else options.seed
    random = Random(seed)
    sheet = read_sheet([options.run], options.lexicon)
    drawn = draw(sheet, options.posts, differ, options.single_mask, random)
    design = plan([item.id for item in drawn.items], options.coders, options.per_item, random)
    own = _own_definitions(options.definitions)
    words = sorted({w for item in drawn.items for w in (*item.person, *item.model)})
    definitions = {w: own.get(w) or _definition(w, sheet.runs[0].lexicon) for w in words}
    per_item = options.per_item or options.coders
    # With a letter before it no spreadsheet takes it for a number, such as 12e45678.
    name = f"s{secrets.token_hex(4)}"
    files = {
        STUDY: json.dumps(_study(name, drawn, design, per_item, ask), indent=1, ensure_ascii=False),
        CODEBOOK: (HERE / CODEBOOK).read_text("utf-8"),
        DEFINITIONS: json.dumps(definitions, indent=1, ensure_ascii=False),
        INSTRUCTIONS: (HERE / INSTRUCTIONS).read_text("utf-8"),
    }
    encoded = {file: text.encode("utf-8", "replace") for file, text in files.items()}
    digest = hashlib.sha256(encoded[STUDY]).hexdigest()
    try:
        (options.out / SHEETS_FOLDER).mkdir(parents=True)
        for file, content in encoded.items():
            write_whole(options.out / file, content)
        tokens = {coder: secrets.token_urlsafe(24) for coder in design.orders}
        write_private(options.out / LINKS, tokens)
        key.parent.mkdir(parents=True, exist_ok=True)
        write_private(key, _key(name, digest, seed, sheet, drawn, design, per_item))
        _write_sheets(read_study(options.out))
    except OSError as error:
        raise DataError(f"{options.out} cannot be written ({error}): give another --out") from None
    strata = {
        group: dict(sorted(Counter(item.strata[group] for item in drawn.items).items()))
        for group in ("family", "error", "masks")
    }
    return {
        "folder": str(options.out),
        "key": str(key),
        "study": name,
        "posts": options.posts,
        "of": drawn.fit,
        "coders": {coder: len(order) for coder, order in design.orders.items()},
        "per_item": per_item,
        "strata": strata,
        "power": power_note(options.posts, per_item),
    }


def _asked(options: NewOptions) -> tuple[list[str], Differ]:
    asked = [] if options.ask in ("", "none") else options.ask.replace(" ", "").split(",")
    unknown = set(asked) - set(ASKS)
    if unknown:
        raise DataError(f"--ask {options.ask}: choose any of {', '.join(ASKS)}, or none")
    if options.differ not in ("vector", "word"):
        raise DataError(f"--differ {options.differ}: choose vector or word")
    return [
        name for name in ASKS if name in asked
    ], "word" if options.differ == "word" else "vector"


def _study(name: str, drawn: Drawn, design: Plan, per_item: int, ask: list[str]) -> dict[str, Any]:
    """What the server reads."""
    items = []
    for item in drawn.items:
        a, b = (
            (item.person, item.model) if design.person_is_a[item.id] else (item.model, item.person)
        )
        items.append({"id": item.id, "text": item.text, "a": list(a), "b": list(b)})
    return {
        "format": FORMAT,
        "study": name,
        "per_item": per_item,
        "ask": ask,
        "items": items,
        "orders": design.orders,
    }


def _key(
    name: str, digest: str, seed: int, sheet: Sheet, drawn: Drawn, design: Plan, per_item: int
) -> dict[str, Any]:
    """What tells the sides apart."""
    run = sheet.runs[0]
    return {
        "format": KEY_FORMAT,
        "study": name,
        "sha256": digest,
        "seed": seed,
        "run": run.name,
        "signature": str(run.signatures["revised"]),
        "per_item": per_item,
        "first": {
            coder: {
                item: "person" if design.person_is_a[item] != swapped else "model"
                for item, swapped in order
            }
            for coder, order in design.orders.items()
        },
        "items": {
            item.id: {
                **dict(zip(("example", "post"), drawn.examples[item.id], strict=True)),
                **{name: value for name, value in asdict(item).items() if name != "id"},
            }
            for item in drawn.items
        },
    }


def _definition(word: str, lexicon: Lexicon) -> str:
    """What a lexicon says of a word, in the same form for every word."""
    carried = [name for name, bit in zip(DIMENSIONS, lexicon.vector(word), strict=True) if bit] or [
        "no emotion"
    ]
    return f"carries {', '.join(carried)} (lexicon {lexicon.name})"


def _own_definitions(file: Path | None) -> Mapping[str, str]:
    if file is None:
        return {}
    found = read_object(file)
    if not all(isinstance(text, str) for text in found.values()):
        raise DataError(f"{file}: every definition must be a text in quotes")
    return {normal(word): text for word, text in found.items()}


def _options(shown: Shown) -> tuple[str, str]:
    return ", ".join(shown.first), ", ".join(shown.second)


def _write_sheets(study: Study) -> None:
    for coder, order in study.orders.items():
        rows = [
            [*(study.id, coder, shown.item, shown.text), *_options(shown), *[""] * 4]
            for shown in order
        ]
        stem = study.folder / SHEETS_FOLDER / coder
        write_csv(stem.with_suffix(".csv"), HEADER, rows)
        allowed = {"choice": PLACES, "confidence": ("1", "2", "3", "4", "5")}
        write_xlsx(stem.with_suffix(".xlsx"), HEADER, rows, allowed)
