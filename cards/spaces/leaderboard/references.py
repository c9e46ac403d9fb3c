"""The paper's published figures among the rows of a leaderboard: shown, never ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from express_metric.analysis.intervals import Interval
from express_metric.scoring import FIGURES

from ...comparison.published import rows, tables
from ...comparison.runs import model_size
from .rows import FREE, Entry, Group, Row, hub_address


def published(table: Group) -> Iterator[Row]:
    """The rows of the paper's Table 3, where a table's figures are counted as theirs are.

    That is on EXPRESS itself, with free answers, under the protocol `paper`.
    """
    of_express = table.rows[0].entry.of_express
    if not of_express or table.protocol != "paper" or table.signature.decode != FREE:
        return
    for one in rows():
        signature = replace(table.signature, prompt="published")
        nothing = Interval(None, None, None, "none")
        yield Row(
            Entry(
                model=one.model,
                family=one.architecture,
                parameters=model_size(one.model),
                setting=one.setting,
                revision="",
                address=hub_address(one.model, one.architecture),
                date="",
                examples="",
                n_masks=tables()["masks"],
                n_posts=0,
                figures={},
                signatures={"revised": signature},
            ),
            {
                name: Interval(one.figures[name], None, None, "none")
                if name in one.figures
                else nothing
                for name in FIGURES
            },
            dict.fromkeys(FIGURES),
        )


def about_published() -> str:
    """What a reader should know of the published rows."""
    paper = tables()
    return (
        f"Rows marked \u201cpublished\u201d are the paper's own figures ({paper['source']}), for "
        f"reference only and never ranked: they are of {paper['data']}, {paper['masks']:,} "
        "hidden words."
    )
