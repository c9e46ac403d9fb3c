"""Figures of emotions and of accuracies: the wheel, the dimensions, points with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from express_metric.analysis.masks import Masks
from express_metric.plutchik import DIMENSIONS

from ..words import percent
from .svg import (
    LEFT,
    WIDTH,
    Drawn,
    Figure,
    across,
    arc,
    at,
    legend,
    marker,
    named,
    number,
    picture,
    rect,
    tag,
)
from .svg import key as squares

# Clockwise from the top, each emotion opposite to its contrary (Plutchik 1980).
WHEEL = ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation")
PEOPLE, MODEL = "people", "model"
RIGHT = WIDTH - 3.0  # where numbers end
NUMBER = 49.0  # what a column of numbers takes
BARS = (80.0, 206.0)  # begin and length of the bars of dimensions
PARTS = {"precision": "precision", "recall": "recall", "f1": "F1"}
STEPS = (0.05, 0.1, 0.2, 0.25)  # between the rings of the wheel

Point = tuple[float | None, float | None, float | None]


def wheel(key: str, name: str, masks: Masks) -> Figure:
    """Plutchik's eight emotions: how often people's and the model's words carry each."""
    people = _carried(masks, masks.label)
    model = _carried(masks, masks.answer[masks.valid])
    step, rings = _rings(max([*people.values(), *model.values(), 0.1]))
    edge = rings[-1]
    centre, reach = (WIDTH / 2, 150.0), 108.0
    parts = [
        tag("circle", cx=centre[0], cy=centre[1], r=reach * ring / edge, cls="grid")
        for ring in rings
    ]
    for place, emotion in enumerate(WHEEL):
        middle = 45 * place
        for value, cls, begin in ((people[emotion], PEOPLE, -20), (model[emotion], MODEL, 0)):
            path = arc(centre, reach * value / edge, middle + begin, middle + begin + 20)
            said = f"{emotion}: {cls} {percent(value)}"
            parts.append(tag("path", tag("title", said), d=path, cls=cls))
        x, y = at(centre, reach + 16, middle)
        anchor = "middle" if abs(x - centre[0]) < 8 else ("start" if x > centre[0] else "end")
        parts.append(tag("text", emotion, x=x, y=y + 4, text_anchor=anchor))
    for ring in rings:
        x, y = at(centre, reach * ring / edge, 22.5)
        parts.append(tag("text", f"{ring:.0%}", x=x, y=y + 3, cls="small halo"))
    parts += squares([(PEOPLE, "people's words")], 292) + squares([(MODEL, name)], 310)
    return Figure(
        key,
        "The wheel of eight emotions",
        "Each pair of slices shows what share of the words carries the emotion, by the lexicon: "
        "first, clockwise, people's words, then the model's. Where the second is longer, the model "
        "names that emotion too often. A slice is as long as its share: from the centre, where it "
        f"is 0%, the rings are {100 * step:.0f} points apart. Compare lengths, not areas. "
        f"All {len(masks):,} hidden words for people, for the model the "
        f"{int(masks.valid.sum()):,} answered ones.",
        picture(f"Wheel of eight emotions, people against {name}", 328, *parts),
        ("emotion", "people", "model"),
        [(e, percent(people[e]), percent(model[e])) for e in WHEEL],
    )


def dimension_bars(key: str, name: str, dimensions: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Precision, recall and F1 for each of the ten dimensions, the `dimensions` of a breakdown.

    >>> row = {"support": 2, "precision": None, "recall": 0.5, "f1": 0.5}
    >>> dimension_bars("bars", "m", dict.fromkeys(DIMENSIONS, row)).rows[0]
    ('anger', '2', '-', '50.0%', '50.0%')
    """
    left, reach = BARS
    parts, y = _axis(left, reach, 16, 20 + 46 * len(DIMENSIONS)), 24.0
    order = sorted(dimensions.items(), key=lambda one: -(one[1]["f1"] or 0))
    for dimension, row in order:
        parts.append(tag("text", dimension, x=left - 8, y=y + 20, text_anchor="end"))
        for place, part in enumerate(PARTS):
            top, width = y + 11 * place, (row[part] or 0) * reach
            if row[part] is not None:
                parts.append(rect(left, top, width, 9, f"bar b{place}"))
            where = {"x": left + 4 + width, "y": top + 8}
            parts.append(tag("text", percent(row[part]), **where, cls="tiny halo"))
        y += 46
    parts += squares([(f"bar b{i}", said) for i, said in enumerate(PARTS.values())], y + 8, 100)
    return Figure(
        key,
        "The ten dimensions",
        "Precision: of the model's words that carry the emotion, the share where the person's word "
        "does too. Recall: of the person's words that carry it, the share where the model's does "
        "too. F1 joins both.",
        picture(f"Precision, recall and F1 by dimension of {name}", y + 34, *parts),
        ("dimension", "people's words", *PARTS.values()),
        [
            (name, str(row["support"]), *(percent(row[part]) for part in PARTS))
            for name, row in order
        ],
    )


def points(
    key: str,
    text: tuple[str, str],
    series: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Point]]],
    first: str = "",
    masks: Sequence[int] = (),
    floors: Sequence[float | None] = (),
) -> Figure:
    """Shares as points with their intervals: a row for each group, a mark for each series.

    Args:
        text: title and caption.
        series: names of the series.
        rows: the group's name, and for each series value, low and high in 0..1 (None for none).
        first: head of the table's first column.
        masks: for each row the number of masks, shown at its end; none are shown if empty.
        floors: for each row what an answer without reading would score, drawn as a mark.

    >>> points("p", ("Title", ""), ["a"], [("x", [(0.5, 0.4, 0.6)])], "group").rows
    [('x', '50.0%', '40.0% to 60.0%')]
    """
    lines, gap = 14 * len(series), 8 if len(series) < 3 else 16
    several = len(series) > 1
    parts, begin = legend(series, 2) if several else ([], -8.0)
    begin += 28
    y = begin + 4
    # Names, axis, values, numbers of masks: each has a column, so that nothing covers a line.
    column = RIGHT - (NUMBER if masks else 0)
    reach = column - NUMBER - LEFT
    counts = [f"{count:,}" for count in masks]
    if masks:
        parts.append(number("words", RIGHT, begin - 8))
    for place, (name, values) in enumerate(rows):
        middle = y + lines / 2 + 4
        parts.append(named(name, LEFT - 8, middle, anchor="end"))
        if masks:
            parts.append(number(counts[place], RIGHT, middle))
        if floors and floors[place] is not None:
            x = LEFT + reach * (floors[place] or 0)
            said = tag("title", f"without reading: {percent(floors[place])}")
            parts.append(tag("line", said, x1=x, x2=x, y1=y - 1, y2=y + lines + 1, cls="floor"))
        for which, value in enumerate(values):
            parts += _point(which, value, y + 14 * which + 7, reach)
            if value[0] is not None:
                parts.append(number(percent(value[0]), column, y + 14 * which + 11))
        y += lines + gap
    return Figure(
        key,
        *text,
        picture(text[0], y + 4, *_axis(LEFT, reach, begin - 4, y), *parts),
        (
            first,
            *(["words"] if masks else []),
            *(series if several else ("share", "interval")),
            *(["without reading"] if floors else []),
        ),
        [
            (
                name,
                *counts[place : place + 1],
                *_cells(values),
                *map(percent, floors[place : place + 1]),
            )
            for place, (name, values) in enumerate(rows)
        ],
    )


def _rings(top: float) -> tuple[float, list[float]]:
    """The least step with which at most five rings reach a share, and the rings."""
    step = next(step for step in STEPS if top <= 5 * step + 1e-9)
    return step, [step * ring for ring in range(1, math.ceil(top / step - 1e-9) + 1)]


def _cells(values: Sequence[Point]) -> list[str]:
    """Share and interval apart for one series, together for several."""
    reaches = [
        "" if low is None or high is None else f"{percent(low)} to {percent(high)}"
        for _, low, high in values
    ]
    shares = [percent(share) for share, _, _ in values]
    if len(values) == 1:
        return [*shares, reaches[0] or "-"]
    return [f"{a} ({b})" if b else a for a, b in zip(shares, reaches, strict=True)]


def _carried(masks: Masks, terms: Any) -> dict[str, float]:
    bits = masks.bits[terms]
    return {
        name: float((bits >> DIMENSIONS.index(name) & 1).mean()) if len(bits) else 0.0
        for name in WHEEL
    }


def _axis(left: float, reach: float, top: float, bottom: float) -> list[Drawn]:
    shares = [(step / 4, f"{25 * step}%") for step in range(5)]
    return across(shares, lambda share: left + reach * share, top, bottom)


def _point(series: int, value: Point, y: float, reach: float) -> list[Drawn]:
    share, low, high = value
    if share is None:
        return []
    found = []
    if low is not None and high is not None:
        x1, x2 = LEFT + reach * low, LEFT + reach * high
        found.append(tag("line", x1=x1, x2=x2, y1=y, y2=y, cls=f"reach l{series}"))
    return [*found, marker(series, LEFT + reach * share, y)]
