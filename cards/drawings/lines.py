"""Values as lines over a common axis: sizes of models, settings, words in order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..words import FIGURE_NAMES, short
from .svg import SERIES, WIDTH, Drawn, Figure, marker, picture, tag

LEFT, RIGHT, TOP, PLOT = 44, WIDTH - 24, 12, 190


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its points are (x, y) in the figure's units; ``dashed`` marks a reference."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False
    marks: bool = True


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks (place, text) and what the axis shows; ``low`` and ``high`` are its ends."""

    title: str
    ticks: Sequence[tuple[float, str]]
    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def steps(top: float, percent: bool = True) -> Axis:
    """An axis from 0 with at most six round ticks up to a value.

    >>> [text for _, text in steps(0.42).ticks]
    ['0%', '10%', '20%', '30%', '40%', '50%']
    """
    top = max(top, 1e-9)
    size = 10.0 ** math.floor(math.log10(top / 5))
    step = next(size * f for f in (1, 2, 5, 10) if top <= 5 * size * f + 1e-12)
    count = math.ceil(top / step - 1e-9)
    ticks = [
        (step * i, f"{step * i:.0%}" if percent else f"{step * i:,.0f}") for i in range(count + 1)
    ]
    return Axis("", ticks, 0.0, step * count)


def sizes(parameters: Sequence[float]) -> Axis:
    """A logarithmic axis of numbers of parameters; points are given as log10.

    >>> [text for _, text in sizes([135e6, 9e9]).ticks]
    ['100M', '1B', '10B']
    """
    low = math.floor(math.log10(min(parameters)))
    high = math.ceil(math.log10(max(parameters)))
    names = [
        (power, f"{10.0 ** (power - 9):g}B" if power >= 9 else f"{10 ** (power - 6):g}M")
        for power in range(low, max(high, low + 1) + 1)
    ]
    return Axis("parameters", names, float(low), float(max(high, low + 1)))


def learning_curves(training: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """For each base that was trained on different numbers of texts, what each number brought."""
    found: list[Figure] = []
    for base in dict.fromkeys(one["base"] for one in training):
        taught = sorted(
            (one for one in training if one["base"] == base), key=lambda one: one["examples"]
        )
        numbers = [0, *(one["examples"] for one in taught)]
        if len(set(numbers)) < 3:
            continue
        lines = []
        for key in ("valid_rate", "lexical_accuracy", "vector_f1"):
            told = [one["figures"][key] for one in taught]
            values = [told[0]["first"], *(one["second"] for one in told)]
            lines.append(
                Line(
                    FIGURE_NAMES[key],
                    [(n, v) for n, v in zip(numbers, values, strict=True) if v is not None],
                )
            )
        axis = replace(steps(max(numbers), percent=False), title="texts learned")
        text = ("Learning curve", f"{base} as it is (0), and trained on more and more texts.")
        found.append(line_chart(f"learning-{len(found) + 1}", text, lines, axis, steps(1)))
    return found


def line_chart(
    key: str, text: tuple[str, str], lines: Sequence[Line], across: Axis, up: Axis
) -> Figure:
    """Draw lines; the table holds every point."""
    title, caption = text
    turned = len(across.ticks) > 6
    parts = [*_grid(across, up, turned)]
    bottom = TOP + PLOT
    for place, line in enumerate(lines):
        dots = [
            (LEFT + across.share(x) * (RIGHT - LEFT), bottom - up.share(y) * PLOT)
            for x, y in line.points
        ]
        if len(dots) > 1:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in dots)
            parts.append(
                tag(
                    "path",
                    d=f"M{path}",
                    fill="none",
                    stroke_width=1.6,
                    stroke_dasharray="4 3" if line.dashed else None,
                    cls=f"l{place % SERIES}",
                )
            )
        if line.marks:
            parts += [marker(place, x, y, 3.2 if line.dashed else 4.2) for x, y in dots]
    y = bottom + (78.0 if turned else 40.0)
    for place, line in enumerate(lines):
        parts.append(marker(place, 8, y))
        told = f"{short(line.name, 40)}{' (published)' if line.dashed else ''}"
        parts.append(tag("text", told, x=20, y=y + 4))
        y += 18
    names = dict(across.ticks)
    return Figure(
        key,
        title,
        caption,
        picture(title, y, *parts),
        ("line", across.title or "at", up.title or "value"),
        [
            (line.name, names.get(x) or _plain(x, across), f"{y:.1%}" if up.high <= 1 else f"{y:g}")
            for line in lines
            for x, y in line.points
        ],
    )


def _plain(value: float, axis: Axis) -> str:
    return f"{10**value:,.0f}" if axis.title == "parameters" else f"{value:g}"


def _grid(across: Axis, up: Axis, turned: bool) -> list[Drawn]:
    bottom = TOP + PLOT
    parts = []
    for value, text in up.ticks:
        y = bottom - up.share(value) * PLOT
        parts.append(tag("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, cls="grid"))
        parts.append(tag("text", text, x=LEFT - 6, y=y + 4, text_anchor="end", cls="small"))
    for value, text in across.ticks:
        x = LEFT + across.share(value) * (RIGHT - LEFT)
        turn = f"rotate(-55 {x:.1f} {bottom + 14})" if turned else None
        anchor = "end" if turned else "middle"
        parts.append(
            tag(
                "text",
                short(text, 17),
                x=x,
                y=bottom + 16,
                text_anchor=anchor,
                transform=turn,
                cls="small",
            )
        )
    if across.title and not turned:
        parts.append(
            tag(
                "text",
                across.title,
                x=(LEFT + RIGHT) / 2,
                y=bottom + 30,
                text_anchor="middle",
                cls="small",
            )
        )
    return parts
