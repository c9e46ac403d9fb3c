"""Table 3 as rows of text, one's own runs first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .published import FIGURES, beside

HEADER = ("", "model", "setting", "masks", *FIGURES, "difference in points", "asked otherwise")
SHORT = {figure: name for name, figure in FIGURES.items()}
Cells = tuple[str, ...]


def own_first(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Own rows before the others, each above the published one that it stands beside."""
    own = [row for row in rows if not row["published"]]
    order: list[Mapping[str, Any]] = []
    for row in own:
        published = beside(row["model"], row["setting"])
        twin = [
            r
            for r in rows
            if r["published"]
            and published is not None
            and (r["model"], r["setting"]) == (published.model, published.setting)
        ]
        order += [row, *twin]
    seen = {id(row) for row in order}
    return [*order, *(row for row in rows if id(row) not in seen)]


def cells(row: Mapping[str, Any]) -> Cells:
    """A row of Table 3."""
    figures = [figure_text(row["figures"][name]) for name in FIGURES.values()]
    if row["published"]:
        return ("published", row["model"], row["setting"], f"{row['masks']:,}", *figures, "", "")
    told = "" if row["difference"] is None else apart(row["difference"])
    unlike = ", ".join(row["unlike"])
    return ("yours", row["model"], row["setting"], f"{row['masks']:,}", *figures, told, unlike)


def apart(difference: Mapping[str, Mapping[str, float | None]]) -> str:
    """Own less published in points, with the interval of the own figure."""
    return "; ".join(
        f"{SHORT[name]} {_points(one['value'])}"
        + ("" if one["low"] is None else f" ({_points(one['low'])} to {_points(one['high'])})")
        for name, one in difference.items()
    )


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f}"


def figure_text(one: Mapping[str, float | None]) -> str:
    """A figure with its interval, where it has one."""
    value, low, high = one["value"], one.get("low"), one.get("high")
    if value is None:
        return "-"
    return (
        f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
    )
