"""The page *Beside the paper*: published and own figures, table by table."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..comparison.paper_data import SPREAD_HEADER, spread_cells
from ..comparison.paper_rows import Cells, apart, cells, figure_text, own_first
from ..comparison.published import FIGURES, SETTINGS
from ..drawings.errors import error_bars
from ..drawings.lines import Axis, Line, line_chart, sizes, steps
from ..drawings.svg import Figure
from ..pages import render, write_page
from ..words import percent, short, three_digits

MOST_ERRORS = 20
"""Pairs of words in the bars of Table A.6: those that the paper prints."""


def paper_page(found: Mapping[str, Any], out: Path) -> Path:
    """Write the page."""
    return write_page(out, render("paper.html", "report.css", ["page.js"], **view(found)))


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the page's template shows, as text and figures."""
    own = [row for row in found["table_3"]["rows"] if not row["published"]]
    return {
        "note": found["note"],
        "floors_note": found["floors_note"],
        "own": len(own),
        "table_3": [cells(row) for row in own_first(found["table_3"]["rows"])],
        "averages": [_average(row) for row in found["table_3"]["averages"]],
        "floors": [_floor(row) for row in found["table_3"]["floors"]],
        "table_4": [_context(row) for row in found["table_4"]],
        "table_4_pairs": [_pair_cells(row) for row in found["table_4_pairs"]],
        "table_a2": (SPREAD_HEADER, [spread_cells(row) for row in found["table_a2"]]),
        "table_a5": [
            (
                row["topic"],
                "yes" if row["published"] else "no",
                "-" if row["own"] is None else f"{row['own']:,}",
                percent(row["own_share"]),
            )
            for row in found["table_a5"]
        ],
        "table_a4": [
            (
                row["label"],
                f"{row['published']:,}",
                percent(row["published_share"]),
                f"{row['own']:,}",
                percent(row["own_share"]),
            )
            for row in found["table_a4"]
        ],
        "table_a6": [
            (
                row["label"],
                short(row["prediction"], 40),
                percent(row["published"], 0),
                percent(row["own"], 0),
                str(row["masks"]),
            )
            for row in found["table_a6"]
        ],
        "table_a10": [_test(row, row.get("setting", "")) for row in found["table_a10"]],
        "table_a11": [_test(row, "") for row in found["table_a11"]],
        "figures": figures(found),
        "does_not_follow": [
            (one["where"], one["what"], one["printed"], one["follows"], one["arithmetic"])
            for one in found["does_not_follow"]
        ],
    }


def figures(found: Mapping[str, Any]) -> list[Figure]:
    """Figures 2, 3 and A.3, and the published pairs of Table A.6 as bars, published and own."""
    errors = error_bars("table-a6", found["table_a6"][:MOST_ERRORS])
    return [*_by_size(found["figure_2"]), _by_setting(found["figure_3"]), *_words(found), errors]


def _by_size(points: Sequence[Mapping[str, Any]]) -> list[Figure]:
    sized = [point for point in points if point["parameters"] and point["value"] is not None]
    groups: dict[tuple[bool, str], list[tuple[float, float]]] = {}
    models: dict[str, set[str]] = {}
    for point in sized:
        place = (math.log10(point["parameters"]), point["value"])
        groups.setdefault((point["published"], point["line"]), []).append(place)
        models.setdefault(point["line"], set()).add(point["model"])
    lines = [
        Line(name if published else _family(name, models[name]), dots, published)
        for (published, name), dots in groups.items()
    ]
    lines.sort(key=lambda line: line.dashed)
    left_out = [point["model"] for point in points if not point["parameters"]]
    caption = "Zero-shot. Models of one family share a line; published ones are dashed."
    if left_out:
        caption += f" Without a known size: {', '.join(dict.fromkeys(left_out))}."
    axis = sizes([point["parameters"] for point in sized])
    top = steps(max(point["value"] for point in sized))
    text = ("Figure 2: same vector, by model size", caption)
    return [line_chart("figure-2", text, lines, axis, top)]


def _family(line: str, models: Collection[str]) -> str:
    """What a line of own models is called: one model by its name, several with * for the size."""
    name = line.replace("#", "*") if len(models) > 1 else next(iter(models))
    return name.rpartition("/")[2]


def _by_setting(models: Sequence[Mapping[str, Any]]) -> Figure:
    names = list(SETTINGS.values())
    lines = []
    for row in models:
        cells = row["settings"]
        dots = [
            (float(place), cells[name])
            for place, name in enumerate(names)
            if cells.get(name) is not None
        ]
        if dots and (len(dots) > 1 or not row["published"]):
            lines.append(Line(row["model"].rpartition("/")[2], dots, row["published"]))
    lines.sort(key=lambda line: line.dashed)
    # "few-shot random" beside "few-shot similar" would run together.
    ticks = [(float(n), name.replace("few-shot", "shots:")) for n, name in enumerate(names)]
    axis = Axis("", ticks, -0.3, 3.3)
    top = steps(max(y for line in lines for _, y in line.points))
    text = (
        "Figure 3: same vector, by setting",
        "Models asked under one setting only are left out of the published ones.",
    )
    return line_chart("figure-3", text, lines, axis, top)


def _words(found: Mapping[str, Any]) -> list[Figure]:
    words = found["figure_a3"]
    if not words["words"]:
        return []
    places = range(len(words["words"]))
    said = {"people": words["people"], **words["models"]}
    lines = [
        Line(name, [(float(i), float(counts[i])) for i in places], marks=False)
        for name, counts in said.items()
    ]
    ticks = [(float(i), words["words"][i]) for i in places if i % 5 == 0]
    axis = Axis("word", ticks, 0.0, float(max(len(places) - 1, 1)))
    top = steps(max(max(counts) for counts in said.values()), percent=False)
    caption = "Words in the order of people's counts; every fifth is named."
    if words["left_out"]:
        caption += f" Left out, on other examples: {', '.join(words['left_out'])}."
    text = (f"Figure A.3: how often the {len(places)} commonest words of people are said", caption)
    return [line_chart("figure-a3", text, lines, axis, top)]


def _average(row: Mapping[str, Any]) -> Cells:
    def three(figures: Mapping[str, float | None]) -> str:
        return " / ".join(three_digits(figures[name]) for name in FIGURES.values())

    number = row["own_models"]
    models = f" ({number} {'model' if number == 1 else 'models'})" if number else ""
    return (
        row["setting"],
        three(row["printed"]),
        three(row["recomputed"]),
        f"{three(row['own'])}{models}",
    )


def _floor(row: Mapping[str, Any]) -> Cells:
    sides = (row["printed"], row["own"])
    return (row["floor"], *(three_digits(one[name]) for one in sides for name in FIGURES.values()))


def _context(row: Mapping[str, Any]) -> Cells:
    words = f"{row['avg_post_length_words']:,}"
    if row["published"]:
        figures = (f"{row[name]:.3f}" for name in FIGURES)
        return ("published", "gpt-4o", row["setting"], words, "", *figures)
    cells = (figure_text(row["intervals"][name]) for name in FIGURES.values())
    return ("yours", row["name"], row["setting"], words, f"{row['masks']:,}", *cells)


def _pair_cells(row: Mapping[str, Any]) -> Cells:
    """Whole posts less segments, on the same masks."""
    tested = _test(row, row["setting"])
    return (f"{row['model']}, {row['setting']}", apart(row["difference"]), *tested[3:])


def _test(row: Mapping[str, Any], setting: str) -> Cells:
    name = row["model"] if "model" in row else " against ".join(row["models"])
    if row["published"]:
        return ("published", name, setting, row["p"], "", f"{row['d']:g}", "")
    posts, masks = row["posts"], row["masks"]
    d = posts["d"]
    return (
        "yours",
        name,
        row.get("setting", setting),
        f"{posts['p_two_sided']:.3g} (one-sided {posts['p_one_sided']:.3g})",
        f"{posts['pairs']} posts, {posts['ties']} ties; by masks p = {masks['p_two_sided']:.3g}",
        "-" if d is None else f"{d['value']:.3f}",
        "" if d is None else f"{d['low']:.3f} to {d['high']:.3f}",
    )
