"""The examples of a page: packed small, and cut around the masks where they would not fit.

The page holds one block of gzip in base64 that the browser unpacks. Texts do not compress below a
third, so that some thousand whole segments fit into a page and tens of thousands do not: then each
text is cut to what stands around its masks, as wide as the page allows.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from express_dataset import MASK
from express_metric.analysis.intensity import scales
from express_metric.analysis.ladder import rungs
from express_metric.analysis.masks import Masks
from express_metric.lexicon import Lexicon, normal
from express_metric.terms import Reason

from ..comparison.runs import Run
from ..words import LADDER, readable
from .sheet import Sheet, Told

BUDGET = 5_800_000  # bytes of base64, less what the figures of each run take: together under 6 MB
PER_RUN = 120_000
CUT = "\u2026"
# Characters kept on each side of a mask, and of a completion; None keeps everything.
WIDTHS: tuple[tuple[int | None, int], ...] = (
    (None, 2000),
    (None, 300),
    (800, 240),
    (500, 200),
    (350, 160),
    (270, 140),
    (210, 120),
    (170, 100),
    (140, 80),
    (120, 70),
    (100, 60),
    (85, 50),
    (70, 45),
    (55, 40),
    (40, 30),
    (20, 0),
    (0, 0),
)
SAMPLE = 1500


@dataclass(frozen=True)
class Packed:
    """The examples, ready for the page."""

    data: str  # gzip in base64
    width: int | None  # characters kept on each side of a mask; None where texts are whole
    texts: bool  # whether there are texts


def clip(text: str, width: int | None) -> str:
    """Keep what stands around the masks, cut between words.

    >>> clip("Yesterday all was well. Today I am <mask> and so on and on.", 12)
    '\u2026Today I am <mask> and so on\u2026'
    """
    if width is None:
        return text
    first, *middle, last = text.split(MASK)
    joined = [_tail(first, width)]
    joined += [
        part if len(part) <= 2 * width else f"{_head(part, width)} {_tail(part, width)}"
        for part in middle
    ]
    return MASK.join([*joined, _head(last, width)])


def pack(sheet: Sheet, masks: Sequence[Masks], budget: int = BUDGET) -> Packed:
    """Pack the examples and all runs' answers, with as much text as fits; copies become one.

    Labels and answers alone where nothing else fits.
    """
    texts = (
        None
        if sheet.source.texts is None
        else [readable(text.strip()) for text in sheet.source.texts]
    )
    kept = _rungs(masks)
    copies = _copies(sheet, texts)
    rows = list(copies)
    step = -(-len(rows) // SAMPLE) if rows else 1
    packed = ""
    for widths in WIDTHS:
        if step > 1:
            # A part tells whether the whole has a chance; packing the whole takes seconds.
            some = rows[::step]
            part = _dump(_columns(sheet, texts, kept, some, widths))
            if len(part) * len(rows) > budget * len(some) * 1.1:
                continue
        columns = _columns(sheet, texts, kept, rows, widths)
        packed = _dump({**columns, "copies": list(copies.values())})
        if len(packed) <= budget:
            return Packed(packed, widths[0], texts is not None)
    return Packed(packed, 0, texts is not None)


def unpack(data: str) -> dict[str, Any]:
    """What `pack` packed, as the browser sees it."""
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data)))
    return found


def _dump(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # No time in it, so that the same run gives the same page. Surrogates may stand in JSONL.
    content = text.encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode()


def _tail(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    kept = text[len(text) - width :]
    _, space, whole = kept.partition(" ") if not text[-width - 1].isspace() else ("", " ", kept)
    return f"{CUT}{whole.lstrip() if space else kept}"


def _head(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    kept = text[:width]
    whole, space, _ = kept.rpartition(" ") if not text[width].isspace() else (kept, " ", "")
    return f"{whole.rstrip() if space else kept}{CUT}"


def _rungs(masks: Sequence[Masks]) -> list[list[str]]:
    """For each run and example a digit for every mask: its place in `RUNGS`."""
    found = []
    for table in masks:
        rows: list[str] = []
        for rung, position in zip(rungs(table).tolist(), table.position.tolist(), strict=True):
            if position == 0:
                rows.append("")
            rows[-1] += str(rung)
        found.append(rows)
    return found


def _copies(sheet: Sheet, texts: Sequence[str] | None) -> dict[int, int]:
    """The rows to show and how often each is there: posts are posted again, word for word."""
    if texts is None:
        return dict.fromkeys(range(len(sheet.ids)), 1)
    first: dict[tuple[Any, ...], int] = {}
    found: dict[int, int] = {}
    readings = [run.readings["revised"] for run in sheet.runs]
    for row, key in enumerate(zip(texts, sheet.references, *readings, strict=True)):
        shown = first.setdefault(key, row)
        found[shown] = found.get(shown, 0) + 1
    return found


def _columns(
    sheet: Sheet,
    texts: Sequence[str] | None,
    kinds: Sequence[Sequence[str]],
    rows: Sequence[int],
    widths: tuple[int | None, int],
) -> dict[str, Any]:
    words: dict[str, int] = {}

    def numbers(terms: Sequence[str]) -> list[int]:
        return [words.setdefault(normal(term), len(words)) for term in terms]

    width, written = widths
    columns = {
        "ids": [sheet.ids[row] for row in rows],
        "texts": None if texts is None else [clip(texts[row], width) for row in rows],
        "labels": [numbers(sheet.references[row]) for row in rows],
        "flags": _flags(sheet.source, rows),
        "runs": [
            {
                "name": run.name,
                "rungs": [kind[row] for row in rows],
                **_answers(run, rows, numbers),
                "completions": [
                    _written(
                        told.completions[row], run.readings["revised"][row].terms or (), written
                    )
                    for row in rows
                ],
            }
            for run, told, kind in zip(sheet.runs, sheet.told, kinds, strict=True)
        ],
    }
    strengths = scales()[0].words
    return {
        "ladder": [[name, rung.sign, rung.name] for name, rung in LADDER.items()],
        "words": list(words),
        "levels": [strengths.get(normal(word)) for word in words],
        "bits": _bits(list(words), sheet.runs[0].lexicon),
        **columns,
    }


def _flags(source: Told, rows: Sequence[int]) -> list[list[int]] | None:
    """For each mask 1 where it is negated, 2 where it is leaked, 3 where both."""
    if source.negated is None or source.leaked is None:
        return None
    return [
        [
            int(n) + 2 * int(gone)
            for n, gone in zip(source.negated[row], source.leaked[row], strict=True)
        ]
        for row in rows
    ]


def _answers(
    run: Run, rows: Sequence[int], numbers: Callable[[Sequence[str]], list[int]]
) -> dict[str, Any]:
    """The terms of each answer and why it could not be scored, None for what is not so."""
    readings = [run.readings["revised"][row] for row in rows]
    return {
        "answers": [numbers(reading.terms) if reading.terms else None for reading in readings],
        "reasons": [
            str(reading.reason)
            if reading.reason
            else (
                None
                if len(reading.terms or ()) == len(run.references[row])
                else str(Reason.WRONG_COUNT)
            )
            for row, reading in zip(rows, readings, strict=True)
        ],
    }


def _written(text: str | None, terms: Sequence[str], most: int) -> str | None:
    """The start of a completion; None where it is nothing but the list of its terms."""
    text = (text or "").strip()
    items = [item.strip(" '\"") for item in text.strip("[]").split(",")]
    if not most or not text or [normal(item) for item in items] == list(map(normal, terms)):
        return None
    return text if len(text) <= most else f"{text[:most]}{CUT}"


def _bits(words: Sequence[str], lexicon: Lexicon) -> list[int]:
    """The vector of each word as a whole number, the first dimension being the lowest bit."""
    return [
        sum(int(value) << place for place, value in enumerate(lexicon.vector(word)))
        for word in words
    ]
