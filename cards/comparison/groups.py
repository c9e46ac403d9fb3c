"""Runs side by side by topic, or by a column of their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from express_dataset.grouping import groups_of
from express_metric.analysis.groups import by_group, coded
from express_metric.analysis.masks import Masks
from express_metric.errors import ExpressError
from express_runners.errors import RunError

from .runs import Run

MOST = 12
"""Groups in a table; all are in the JSON."""

Groups = dict[str, list[dict[str, Any]]]


def columns_of(runs: Sequence[Run], asked: Sequence[str]) -> Mapping[str, Sequence[str | None]]:
    """What the data of the first run that has any says of each example, by column."""
    run = next((run for run in runs if run.folder), None)
    if run is None or run.folder is None:
        if asked:
            raise RunError(
                f"--group-by {asked[0]}: files of results tell no columns here: give a run's "
                "folder, or see `express report`"
            )
        return {}
    try:
        examples = run.folder.examples
    except ExpressError:
        if asked:
            raise
        return {}
    place = {example.id: example for example in examples}
    ids = run.ids or [example.id for example in examples]
    return groups_of([place[key] for key in ids], asked)


def side_by_side(
    columns: Mapping[str, Sequence[str | None]], masks: Mapping[str, Masks], level: float
) -> Groups:
    """By column, each group with its masks, its posts and each run's share of identical words."""
    found: Groups = {}
    for column, values in columns.items():
        codes, names = coded(values)
        tables = {run: by_group(m, codes[m.example], names, level) for run, m in masks.items()}
        same = zip(*tables.values(), strict=True)
        rows = [
            {
                "group": row[0].group,
                "masks": row[0].masks,
                "posts": row[0].posts,
                "lexical_accuracy": {
                    run: {"value": one.lexical_accuracy, "low": one.low, "high": one.high}
                    for run, one in zip(tables, row, strict=True)
                },
            }
            for row in same
        ]
        found[column] = sorted(rows, key=lambda row: (-row["masks"], row["group"]))
    return found
