"""What is said instead of a word, published and own, as pairs of bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..words import percent, short
from .svg import WIDTH, Drawn, Figure, named, picture, rect, tag

_LEFT, _REACH, _STEP = 206.0, 96.0, 27.0


def error_bars(key: str, rows: Sequence[Mapping[str, Any]]) -> Figure:
    """A bar for the published share of each pair of words, and under it one's own."""
    most = max(row[side] or 0.0 for row in rows for side in ("published", "own")) or 1.0
    parts: list[Drawn] = []
    for place, row in enumerate(rows):
        y = 8.0 + _STEP * place
        said = f"{row['label']} \u2192 {short(row['prediction'], 40)}"
        parts += [
            rect(0, y - 2, WIDTH, _STEP, "hit", said),
            named(row["label"], 94, y + 13, 14, "end"),
            tag("text", "\u2192", x=99, y=y + 13),
            named(row["prediction"], 114, y + 13, 14),
        ]
        for number, side in enumerate(("published", "own")):
            share = row[side]
            width = _REACH * (share or 0.0) / most
            top = y + 11 * number
            parts.append(rect(_LEFT, top, width, 9, ("s1", "s0")[number]))
            told = "-" if share is None else f"{share:.0%}"
            parts.append(tag("text", told, x=_LEFT + width + 4, y=top + 8, cls="tiny"))
    return Figure(
        key,
        "Table A.6: what is said instead of a word",
        "Share of a word's masks where another word with another vector is said: above the "
        "paper's three best models, below your runs, pooled; - where the word does not occur.",
        picture(
            "What is said instead of a word, published and yours", 12 + _STEP * len(rows), *parts
        ),
        ("person", "model", "published", "yours"),
        [
            (row["label"], row["prediction"], percent(row["published"]), percent(row["own"]))
            for row in rows
        ],
    )
