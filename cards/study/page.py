"""A study's figures as one page that opens from disk, and what a report shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from express_dataset.errors import require

from ..drawings.emotions import Point, points
from ..drawings.svg import Figure
from ..pages import render
from ..pages import write_page as write
from .terminal import tables

Found = Mapping[str, Any]


def write_page(found: Found, out: Path) -> Path:
    """Write the page; see `results.results` for `found`."""
    require("jinja2", "study")
    return write(out, render("study_results.html", "report.css", ["page.js"], **section(found)))


def section(found: Found) -> dict[str, Any]:
    """What the template `study_section.html` needs."""
    return {
        "name": found["name"],
        "posts": found["posts"],
        "says": found["says"],
        "notes": found["notes"],
        "drawn": _figures(found),
        "tables": [table for table in tables(found) if table[2]],
        "disagreements": found["disagreements"],
    }


def _figures(found: Found) -> list[Figure]:
    sides = ("person", "model")

    def point(cell: Found) -> Point:
        return cell["value"], cell["low"], cell["high"]

    context = found["contextual_accuracy"]
    drawn = [
        points(
            "contextual-accuracy",
            (
                "Contextual accuracy",
                "Share of posts where the majority chose the side, or both; and share of all "
                "answers that did. Lines are 95% intervals over posts.",
            ),
            sides,
            [
                (name, [point(context[side][key]) for side in sides])
                for name, key in (("by majority", "majority"), ("by answer", "judgements"))
            ],
            "counted",
        )
    ]
    for name in ("family", "error", "masks"):
        rows = found["by"].get(name)
        if rows:
            drawn.append(
                points(
                    f"study-{name}",
                    (
                        f"Contextual accuracy by {name}",
                        "Share of posts where the majority chose the side, or both. Lines are 95% "
                        "intervals by Wilson's method; the numbers in brackets are posts.",
                    ),
                    sides,
                    [
                        (f"{row['group']} ({row['posts']})", [point(row[side]) for side in sides])
                        for row in rows
                    ],
                    name,
                )
            )
    return drawn
