"""Drawing: SVG as text, with everything from data escaped.

Figures are 340 units wide, which a phone of 390 pixels shows without scaling them down. They are
drawn by our own few lines: a plotting library would bring megabytes of script into every page.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 340
SERIES = 6


class Drawn(str):
    """Text that is markup already and need not be escaped.

    >>> Drawn("<g/>").__html__()
    '<g/>'
    >>> isinstance(tag("g"), Drawn)
    True
    """

    __slots__ = ()

    def __html__(self) -> str:
        """Tell the template not to escape it again."""
        return str(self)


@dataclass(frozen=True)
class Figure:
    """A figure and the same in words and numbers.

    Attributes:
        key: a short name, unique on a page; also the name of an exported file.
        title: what it shows.
        caption: how to read it.
        svg: the drawing.
        header, rows: the numbers as a table.

    >>> Figure("wheel", "The wheel", "Read it so.", Drawn("<svg/>")).rows
    ()
    >>> Figure("wheel", "The wheel", "", Drawn("<svg/>"), ("a",), (("1",),)).header
    ('a',)
    """

    key: str
    title: str
    caption: str
    svg: Drawn
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())


def tag(name: str, *children: str, **attributes: str | float | None) -> Drawn:
    """An element. A child that is not `Drawn` is escaped; `cls` is class, `_` in names is `-`.

    >>> tag("text", "a<b", x=1.50, cls="label")
    '<text x="1.5" class="label">a&lt;b</text>'
    >>> tag("g", tag("title", "x"), id=None)
    '<g><title>x</title></g>'
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
    """The whole drawing, with a name for those who do not see it.

    >>> picture("Bars", 20).startswith('<svg viewBox="0 0 340 20"')
    True
    >>> 'aria-label="Bars"' in picture("Bars", 20)
    True
    """
    return tag(
        "svg",
        *children,
        viewBox=f"0 0 {WIDTH} {_value(height)}",
        width=WIDTH,
        height=height,
        role="img",
        aria_label=label,
    )


def arc(centre: tuple[float, float], radius: float, begin: float, end: float) -> str:
    """The path of a slice; angles in degrees, clockwise from the top.

    >>> arc((0, 0), 10, 0, 90)
    'M0 0L0 -10A10 10 0 0 1 10 0Z'
    >>> arc((0, 0), 0, 0, 90)
    'M0 0L0 0A0 0 0 0 1 0 0Z'
    """
    (x1, y1), (x2, y2) = (at(centre, radius, angle) for angle in (begin, end))
    x, y = centre
    return (
        f"M{_value(x)} {_value(y)}L{_value(x1)} {_value(y1)}"
        f"A{_value(radius)} {_value(radius)} 0 0 1 {_value(x2)} {_value(y2)}Z"
    )


def at(centre: tuple[float, float], radius: float, angle: float) -> tuple[float, float]:
    """A point on a circle; the angle in degrees, clockwise from the top.

    >>> x, y = at((0, 0), 1, 90)
    >>> round(x, 6), round(y, 6)
    (1.0, -0.0)
    >>> at((5, 5), 0, 45)
    (5.0, 5.0)
    """
    turn = math.radians(angle)
    return centre[0] + radius * math.sin(turn), centre[1] - radius * math.cos(turn)


def marker(series: int, x: float, y: float, size: float = 4.5) -> Drawn:
    """A point; every series has a shape of its own, so that colour is not needed.

    >>> marker(0, 1, 2)[:7], marker(1, 1, 2)[:6]
    ('<circle', '<path ')
    >>> len({marker(series, 0, 0) for series in range(SERIES)}) == SERIES
    True
    """
    cls = f"s{series % SERIES}"
    if series % SERIES == 0:
        return tag("circle", cx=x, cy=y, r=size, cls=cls)
    s = size * 1.15
    shapes = {
        1: [
            (-s * 0.85, -s * 0.85),
            (s * 0.85, -s * 0.85),
            (s * 0.85, s * 0.85),
            (-s * 0.85, s * 0.85),
        ],
        2: [(0, -s * 1.2), (s * 1.1, s * 0.8), (-s * 1.1, s * 0.8)],
        3: [(0, -s * 1.25), (s * 1.25, 0), (0, s * 1.25), (-s * 1.25, 0)],
        4: [(-s * 1.1, -s * 0.8), (s * 1.1, -s * 0.8), (0, s * 1.2)],
        5: [(-s, -s * 0.45), (s, -s * 0.45), (s, s * 0.45), (-s, s * 0.45)],
    }
    points = "L".join(f"{_value(x + a)} {_value(y + b)}" for a, b in shapes[series % SERIES])
    return tag("path", d=f"M{points}Z", cls=cls)


def legend(names: Sequence[str], y: float) -> tuple[list[Drawn], float]:
    """A row for each series with its mark; returns the drawing and its height.

    >>> marks, height = legend(["a", "b"], 0)
    >>> len(marks), height
    (4, 36)
    >>> legend([], 0)
    ([], 0)
    """
    found: list[Drawn] = []
    for i, name in enumerate(names):
        found.append(marker(i, 8, y + 10 + 18 * i))
        found.append(tag("text", short(name, 52), x=20, y=y + 14 + 18 * i))
    return found, 18 * len(names)


def short(text: str, most: int) -> str:
    """Cut a text that is too long for its place.

    >>> short("abcdef", 4)
    'abc\u2026'
    >>> short("abc", 4)
    'abc'
    """
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    rounded = round(value, 2)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)
