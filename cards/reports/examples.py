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
from express_metric.analysis.intensity import level
from express_metric.analysis.masks import Masks
from express_metric.lexicon import Lexicon, normal
from express_metric.plutchik import DIMENSIONS
from express_metric.terms import Reason

from ..comparison.runs import Run
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

# How an answer stands to the label, worst first; the browser knows them by number.
KINDS = ("none", "other", "related", "same", "exact")


@dataclass(frozen=True)
class Packed:
    """The examples, ready for the page.

    Attributes:
        data: gzip in base64.
        width: characters kept on each side of a mask; None where texts are whole.
        texts: whether there are texts.
    """

    data: str
    width: int | None
    texts: bool


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
    """Pack the examples and all runs' answers, with as much text as fits.

    Returns:
        The widest that fits; labels and answers alone where nothing else does.

    >>> from express_metric import Reading, load_lexicon
    >>> from express_metric.analysis.masks import mask_table
    >>> nrc, readings = load_lexicon("nrc"), [Reading(("sad",))]
    >>> run = Run("a", "m", None, "x", [("sad",)], {"revised": readings}, None, None, nrc, {})
    >>> sheet = Sheet([run], [Told(["sad"], ["I am <mask>."])])
    >>> found = pack(sheet, [mask_table([["sad"]], readings, nrc, "revised")])
    >>> found.width, unpack(found.data)["texts"]
    (None, ['I am <mask>.'])
    """
    kept = _kinds(masks)
    rows, texts = len(sheet.ids), sheet.source.texts is not None
    step = -(-rows // SAMPLE) if rows else 1
    some = slice(0, None, step)
    packed = ""
    for width, written in WIDTHS:
        if step > 1:
            # A part tells whether the whole has a chance; packing the whole takes seconds.
            part = _dump(_columns(sheet, kept, some, (width, written)))
            if len(part) * rows > budget * len(range(0, rows, step)) * 1.1:
                continue
        packed = _dump(_columns(sheet, kept, slice(None), (width, written)))
        if len(packed) <= budget:
            return Packed(packed, width, texts)
    return Packed(packed, 0, texts)


def unpack(data: str) -> dict[str, Any]:
    """What `pack` packed, as the browser sees it.

    >>> unpack(_dump({"ids": ["a"]}))
    {'ids': ['a']}
    """
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data)))
    return found


def _dump(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # No time in it, so that the same run gives the same page. Surrogates may stand in JSONL.
    content = text.encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


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


def _kinds(masks: Sequence[Masks]) -> list[list[list[int]]]:
    """For each run and example the kind of every mask: a place in `KINDS`."""
    found = []
    for table in masks:
        flat = (
            table.valid.astype(int)
            + (table.valid & (table.f1 > 0))
            + (table.valid & table.vector)
            + table.lexical
        ).tolist()
        rows: list[list[int]] = []
        for kind, position in zip(flat, table.position.tolist(), strict=True):
            if position == 0:
                rows.append([])
            rows[-1].append(kind)
        found.append(rows)
    return found


def _columns(
    sheet: Sheet,
    kinds: Sequence[Sequence[Sequence[int]]],
    rows: slice,
    widths: tuple[int | None, int],
) -> dict[str, Any]:
    words: dict[str, int] = {}

    def numbers(terms: Sequence[str]) -> list[int]:
        return [words.setdefault(normal(term), len(words)) for term in terms]

    width, written = widths
    texts = sheet.source.texts
    columns = {
        "ids": sheet.ids[rows],
        "texts": None if texts is None else [clip(text.strip(), width) for text in texts[rows]],
        "labels": [numbers(labels) for labels in sheet.references[rows]],
        "flags": _flags(sheet.source, rows),
        "runs": [
            {
                "name": run.name,
                "kinds": ["".join(map(str, row)) for row in kind[rows]],
                **_answers(run, rows, numbers),
                "completions": [
                    _written(text, reading.terms or (), written)
                    for text, reading in zip(
                        told.completions[rows], run.readings["revised"][rows], strict=True
                    )
                ],
            }
            for run, told, kind in zip(sheet.runs, sheet.told, kinds, strict=True)
        ],
    }
    return {
        "words": list(words),
        "levels": [_level(word) for word in words],
        "signs": _signs(list(words), sheet.runs[0].lexicon),
        **columns,
    }


def _flags(source: Told, rows: slice) -> list[list[int]] | None:
    """For each mask 1 where it is negated, 2 where it is leaked, 3 where both."""
    if source.negated is None or source.leaked is None:
        return None
    return [
        [int(n) + 2 * int(gone) for n, gone in zip(*both, strict=True)]
        for both in zip(source.negated[rows], source.leaked[rows], strict=True)
    ]


def _answers(
    run: Run, rows: slice, numbers: Callable[[Sequence[str]], list[int]]
) -> dict[str, Any]:
    """The terms of each answer and why it could not be scored, None for what is not so."""
    readings, labels = run.readings["revised"][rows], run.references[rows]
    return {
        "answers": [numbers(reading.terms) if reading.terms else None for reading in readings],
        "reasons": [
            str(reading.reason)
            if reading.reason
            else (None if len(reading.terms or ()) == len(row) else str(Reason.WRONG_COUNT))
            for reading, row in zip(readings, labels, strict=True)
        ],
    }


def _written(text: str | None, terms: Sequence[str], most: int) -> str | None:
    """The start of a completion; None where it is nothing but the list of its terms."""
    text = (text or "").strip()
    items = [item.strip(" '\"") for item in text.strip("[]").split(",")]
    if not most or not text or [normal(item) for item in items] == list(map(normal, terms)):
        return None
    return text if len(text) <= most else f"{text[:most]}{CUT}"


def _level(word: str) -> list[str | int] | None:
    found = level(word)
    return None if found is None else list(found)


def _signs(words: Sequence[str], lexicon: Lexicon) -> list[int]:
    """For each word 1 where the lexicon calls it good, -1 where bad, else 0."""
    good, bad = (DIMENSIONS.index(name) for name in ("positive", "negative"))
    vectors = [lexicon.vector(word) for word in words]
    return [int(vector[good]) - int(vector[bad]) for vector in vectors]
