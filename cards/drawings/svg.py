"""Drawing: SVG as text, with everything from data escaped, and what all figures are made of.

Figures are 340 units wide, which a phone of 390 pixels shows without scaling them down. They are
drawn by our own few lines: a plotting library would bring megabytes of script into every page.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..words import percent, short

WIDTH = 340
SERIES = 6
LEFT, REACH = 122.0, 122.0  # where lying bars begin, and the length of the longest


class Drawn(str):
    """Text that is markup already and need not be escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        """Tell the template not to escape it again."""
        return str(self)


@dataclass(frozen=True)
class Figure:
    """A figure and the same in words and numbers."""

    key: str  # a short name, unique on a page; also the name of an exported file
    title: str
    caption: str  # how to read it
    svg: Drawn
    # the numbers as a table
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())


def tag(name: str, *children: str, **attributes: str | float | None) -> Drawn:
    """An element. A child that is not `Drawn` is escaped; `cls` is class, `_` in names is `-`.

    >>> tag("text", "a<b", x=1.50, cls="label")
    '<text x="1.5" class="label">a&lt;b</text>'
    """
    shown = "".join(
        f' {"class" if key == "cls" else key.replace("_", "-")}="{html.escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(
        child if isinstance(child, Drawn) else html.escape(child, quote=False) for child in children
    )
    return Drawn(f"<{name}{shown}>{inner}</{name}>")


def picture(label: str, height: float, *children: str) -> Drawn:
    """The whole drawing, with a name for those who do not see it."""
    box = f"0 0 {WIDTH} {_value(height)}"
    size = {"width": float(WIDTH), "height": height}
    return tag("svg", *children, viewBox=box, **size, role="img", aria_label=label)


def arc(centre: tuple[float, float], radius: float, begin: float, end: float) -> str:
    """The path of a slice; angles in degrees, clockwise from the top.

    >>> arc((0, 0), 10, 0, 90)
    'M0 0L0 -10A10 10 0 0 1 10 0Z'
    """
    (x1, y1), (x2, y2) = (at(centre, radius, angle) for angle in (begin, end))
    x, y = centre
    return (
        f"M{_value(x)} {_value(y)}L{_value(x1)} {_value(y1)}"
        f"A{_value(radius)} {_value(radius)} 0 0 1 {_value(x2)} {_value(y2)}Z"
    )


def at(centre: tuple[float, float], radius: float, angle: float) -> tuple[float, float]:
    """A point on a circle; the angle in degrees, clockwise from the top."""
    turn = math.radians(angle)
    return centre[0] + radius * math.sin(turn), centre[1] - radius * math.cos(turn)


# The corners of each mark, in units of its size; the first is a circle.
_CORNERS: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    ((-1.1, -0.8), (1.1, -0.8), (0, 1.2)),
    ((-1, -0.45), (1, -0.45), (1, 0.45), (-1, 0.45)),
)


def marker(series: int, x: float, y: float, size: float = 4.5) -> Drawn:
    """A point; of the first six series each has a shape of its own, so that colour is not needed.

    After that colours come again with other shapes.

    >>> len({marker(series, 0, 0) for series in range(SERIES**2)}) == SERIES**2
    True
    """
    shape = (series + series // SERIES) % SERIES
    cls, unit = f"s{series % SERIES}", size * 1.15
    if shape == 0:
        return tag("circle", cx=x, cy=y, r=size, cls=cls)
    points = (f"{_value(x + unit * a)} {_value(y + unit * b)}" for a, b in _CORNERS[shape])
    return tag("path", d=f"M{'L'.join(points)}Z", cls=cls)


def legend(names: Sequence[str], y: float) -> tuple[list[Drawn], float]:
    """A row for each series with its mark; returns the drawing and its height."""
    found: list[Drawn] = []
    for i, name in enumerate(names):
        found += [marker(i, 8, y + 10 + 18 * i), named(name, 20, y + 14 + 18 * i, 52)]
    return found, 18.0 * len(names)


def key(names: Sequence[tuple[str, str]], y: float, apart: float = 110) -> list[Drawn]:
    """Squares of colour side by side, each with what it stands for: (class, name)."""
    found: list[Drawn] = []
    for place, (cls, name) in enumerate(names):
        x = 8 + apart * place
        found += [rect(x, y, 12, 12, cls), named(name, x + 18, y + 10, 52)]
    return found


def named(name: str, x: float, y: float, most: int = 19, anchor: str | None = None) -> Drawn:
    """A name, cut where it is too long for its place; pointing at it shows the whole."""
    shown = tag("tspan", short(name, most))
    return tag("text", tag("title", name), shown, x=x, y=y, text_anchor=anchor)


def number(text: str, x: float, y: float) -> Drawn:
    """A number that ends at x."""
    return tag("text", text, x=x, y=y, text_anchor="end", cls="tiny")


def rect(x: float, y: float, width: float, height: float, cls: str, said: str = "") -> Drawn:
    """A box; pointing at it shows what is said of it."""
    told = [tag("title", said)] if said else []
    return tag("rect", *told, x=x, y=y, width=width, height=height, cls=cls)


def bar(name: str, share: float, y: float, height: float, cls: str, shown: str) -> list[Drawn]:
    """A lying bar with its name before it and its number behind; `share` is of the longest."""
    width, middle = REACH * share, y + height / 2
    return [
        *([named(name, LEFT - 8, middle + 5, anchor="end")] if name else []),
        rect(LEFT, y, width, height, cls, f"{name}: {shown}" if name else shown),
        tag("text", shown, x=LEFT + width + 5, y=middle + 4, cls="tiny"),
    ]


def stack(parts: Sequence[tuple[str, str, float]], y: float, height: float) -> list[Drawn]:
    """One bar that is the whole, cut into (class, name, share); a share stands where it fits."""
    found: list[Drawn] = []
    x, whole = 10.0, WIDTH - 20.0
    for cls, name, share in parts:
        width = whole * share
        found.append(rect(x, y, width, height, cls, f"{name}: {percent(share)}"))
        if width > 34 and height > 24:
            place = {"x": x + width / 2, "y": y + height / 2 + 5}
            found.append(tag("text", percent(share), **place, text_anchor="middle", cls="on"))
        x += width
    return found


def across(
    marks: Sequence[tuple[float, str]], place: Callable[[float], float], top: float, bottom: float
) -> list[Drawn]:
    """Upright lines of a grid at (value, name), the names above them."""
    found: list[Drawn] = []
    for value, name in marks:
        x = place(value)
        found.append(tag("line", x1=x, x2=x, y1=top, y2=bottom, cls="grid"))
        found.append(tag("text", name, x=x, y=top - 4, text_anchor="middle", cls="tiny"))
    return found


def up(
    marks: Sequence[tuple[float, str]], place: Callable[[float], float], left: float, right: float
) -> list[Drawn]:
    """Level lines of a grid at (value, name), the names before them."""
    found: list[Drawn] = []
    for value, name in marks:
        y = place(value)
        found.append(tag("line", x1=left, x2=right, y1=y, y2=y, cls="grid"))
        found.append(number(name, left - 5, y + 4))
    return found


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    rounded = round(value, 2)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)
