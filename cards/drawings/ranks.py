"""Figures of a run that ranks a closed vocabulary: places and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words import PLACES, of_list, percent
from .emotions import Point, points
from .svg import WIDTH, Drawn, Figure, marker, picture, tag

COLUMNS, SIDE, HEIGHT = 4, 66.0, 110.0


def place_points(key: str, name: str, places: Mapping[str, Any], others: str | None) -> Figure:
    """How high the person's word stands among all terms, of `rank_scores` of a run.

    >>> places = {"masks": 2, "in_vocabulary": 2, "top1": 0.5, "top3": 0.5, "top5": 1, "mrr": 0.625}
    >>> [row[:2] for row in place_points("places", "m", places, None).rows][::3]
    [('top 1', '50.0%'), ('mean 1/place (MRR)', '62.5%')]
    """
    caption = (
        f"{name} put all terms of a list in order. Top 1, 3 and 5: how often the person's word is "
        "among the first so many. The last row is the mean of 1 / its place. With the prior out, "
        "what the model gives a term whatever the story (its mean log-probability over stories of "
        f"the train split) is taken from it. {of_list(places, others)}"
    )
    apart = places.get("without_prior")
    shown = {name: places} | ({f"{name}, prior out": apart} if apart else {})
    rows: list[tuple[str, list[Point]]] = [
        (said, [(one[part], None, None) for one in shown.values()]) for part, said in PLACES.items()
    ]
    text = ("How high the person's word stands", caption)
    return points(key, text, list(shown), rows, "measure")


def calibration_plots(
    key: str, name: str, found: Mapping[str, Any], share: float | None = None
) -> Figure | None:
    """Stated probability against what came true, the `calibration` of a breakdown, in small plots.

    >>> one = {"error": 0.25, "brier": 0.0625, "bins": [{"n": 1, "probability": 0.75, "share": 1}]}
    >>> drawn = calibration_plots("calibration", "m", {"term": one, "dimensions": {"joy": one}})
    >>> drawn.rows[1], drawn.svg.count("<circle")
    (('joy', '75.0%', '100.0%', '25.0%', '0.062'), 2)
    """
    if not found["term"]["bins"]:
        return None
    told = "Probabilities are renormalised: shares within the list of terms"
    if share is not None:
        told += f", which has {share:.2%} of the model's own probability"
    plots = {"the very word": found["term"], **found["dimensions"]}
    parts = [
        _plot(title, plot, WIDTH / COLUMNS * (i % COLUMNS) + 9, HEIGHT * (i // COLUMNS))
        for i, (title, plot) in enumerate(plots.items())
    ]
    return Figure(
        key,
        "Does a stated probability hold?",
        "Across: the probability that the model gave, from 0 to 100%; up: how often it came true. "
        "On the slanting line both agree; below it the model is too sure. The first plot is of its "
        "first word, the others of the summed probability of all words that carry the emotion. "
        "Larger points stand for more hidden words; the number is the mean distance from the line. "
        f"{told}.",
        picture(f"Calibration of {name}", HEIGHT * -(-len(plots) // COLUMNS), *parts),
        ("what", "stated on average", "came true", "mean distance", "Brier score"),
        [(title, *_numbers(plot)) for title, plot in plots.items()],
    )


def _plot(title: str, plot: Mapping[str, Any], x: float, y: float) -> Drawn:
    top, bottom = y + 20, y + 20 + SIDE
    whole = sum(each["n"] for each in plot["bins"])
    dots = [
        marker(
            0,
            x + SIDE * each["probability"],
            bottom - SIDE * each["share"],
            1.8 + 3 * (each["n"] / whole) ** 0.5,
        )
        for each in plot["bins"]
    ]
    return tag(
        "g",
        tag("title", f"{title}: mean distance {percent(plot['error'])}"),
        tag("text", title, x=x, y=y + 14, cls="tiny"),
        tag("rect", x=x, y=top, width=SIDE, height=SIDE, cls="grid"),
        tag("line", x1=x, y1=bottom, x2=x + SIDE, y2=top, cls="zero"),
        *dots,
        tag("text", percent(plot["error"]), x=x, y=bottom + 13, cls="tiny"),
    )


def _numbers(plot: Mapping[str, Any]) -> tuple[str, str, str, str]:
    whole = sum(each["n"] for each in plot["bins"])
    stated, true = (
        sum(each["n"] * each[part] for each in plot["bins"]) / whole
        for part in ("probability", "share")
    )
    return percent(stated), percent(true), percent(plot["error"]), f"{plot['brier']:.3f}"
