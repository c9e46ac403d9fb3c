"""Where a run is right: accuracy by groups of masks, each with a sentence for a lay reader."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_metric.analysis.groups import difference

from ..drawings.emotions import Point, points
from ..drawings.svg import Figure
from ..words import percent
from .story import FEW, extremes

MOST_COMMUNITIES = 12
MORE, LESS, EVEN = "clearly more often", "clearly less often", "the difference may be chance"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Grouping:
    """One way to put masks into groups."""

    title: str  # of the figure
    first: str  # head of the table's first column
    question: str  # what a reader may ask of it
    # what the last and the first group are in a sentence, with a place for the group's name; None
    # where groups have no order
    ends: Sequence[str] | None = None


GROUPINGS = {
    key: Grouping(**told)
    for key, told in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}


def group_figures(
    names: Sequence[str], found: Sequence[Mapping[str, Any]], *, trained: bool
) -> list[Figure]:
    """A figure for each way to group masks that the data knows; none for a single group."""
    drawn = []
    where = "in the train split" if trained else "among these hidden words"
    own = dict.fromkeys(key for each in found for key in each["by"])
    for key in [*GROUPINGS, *(key for key in own if key not in (*GROUPINGS, "train_frequency"))]:
        grouping = GROUPINGS.get(key) or Grouping(f"By {key}", key, "")
        tables = [_table(each, key) for each in found]
        if len(tables[0]) < 2:
            continue
        if key == "emotions":
            tables = _sorted(tables)
        # The groups are made of labels and texts, so that all runs have the same.
        rows: list[tuple[str, list[Point]]] = [
            (same[0]["group"], [_point(row) for row in same])
            for same in zip(*(table[:MOST_COMMUNITIES] for table in tables), strict=True)
        ]
        caption = [grouping.question.format(where=where)]
        if len(tables[0]) > MOST_COMMUNITIES:
            caption.append(f"The {MOST_COMMUNITIES} with most hidden words, of {len(tables[0])}.")
        caption.append(answer(grouping, [table[:MOST_COMMUNITIES] for table in tables]))
        drawn.append(
            points(
                "by-" + re.sub(r"\W+", "-", key),
                (grouping.title, " ".join(filter(None, caption))),
                names,
                rows,
                grouping.first,
                [row["masks"] for row in tables[0][:MOST_COMMUNITIES]],
            )
        )
    return drawn


def answer(grouping: Grouping, tables: Sequence[Sequence[Row]]) -> str:
    """What the groups show, in a sentence; of groups with too few masks nothing is said.

    >>> grouping = GROUPINGS["negated"]
    >>> def rows(share, masks=40):
    ...     return [{"group": "no", "masks": 400, "lexical_accuracy": 0.5, "low": 0.45,
    ...              "high": 0.55}, {"group": "yes", "masks": masks, "lexical_accuracy": share,
    ...              "low": share - 0.1, "high": share + 0.1}]
    >>> answer(grouping, [rows(0.2)])
    'The word is named 20.0% of the time where the feeling is denied, 50.0% elsewhere: clearly \
less often.'
    """
    places = [
        place
        for place, row in enumerate(tables[0])
        if row["masks"] >= FEW and (grouping.ends or row["group"] != "none")
    ]
    if len(places) < 2:
        return "There are too few of them to tell."
    if grouping.ends is None:
        return _extremes([[table[place] for place in places] for table in tables])
    pairs = [(table[places[-1]], table[places[0]]) for table in tables]
    last, first = (
        end.format(row["group"]) for end, row in zip(grouping.ends, pairs[0], strict=True)
    )
    return _contrast(pairs, last, first)


def _contrast(pairs: Sequence[tuple[Row, Row]], last: str, first: str) -> str:
    """One group against another, of one run or of several."""
    told = Counter(_verdict(*pair) for pair in pairs)
    if len(pairs) == 1:
        shares = [percent(row["lexical_accuracy"]) for row in pairs[0]]
        (verdict,) = told
        return f"The word is named {shares[0]} of the time {last}, {shares[1]} {first}: {verdict}."
    clear = [
        f"{verdict} {last} than {first} in {told[verdict]} of {len(pairs)} runs"
        for verdict in (MORE, LESS)
        if told[verdict]
    ]
    if not clear:
        return f"No run clearly names the word more or less often {last} than {first}."
    rest = f"; in {told[EVEN]} {EVEN}" if told[EVEN] else ""
    return f"The word is named {', '.join(clear)}{rest}."


def _verdict(last: Row, first: Row) -> str:
    _, low, high = difference(_ends(last), _ends(first))
    if low <= 0 <= high:
        return EVEN
    return MORE if low > 0 else LESS


def _extremes(tables: Sequence[Sequence[Row]]) -> str:
    """The groups with the highest and lowest share, if their intervals lie apart."""
    found = {extremes(table) for table in tables}
    if found == {None}:
        return "No two are clearly apart."
    if len(found) > 1 or None in found:
        return ""
    ((high, low),) = (pair for pair in found if pair)
    whom = "" if len(tables) == 1 else " in every run"
    return f"Named most often{whom}: {high}; least often: {low}."


def _sorted(tables: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Groups by the share of the first run; the words that have none stand last."""
    first = tables[0]
    order = sorted(
        range(len(first)),
        key=lambda row: (first[row]["group"] == "none", -first[row]["lexical_accuracy"]),
    )
    return [[table[row] for row in order] for table in tables]


def _table(found: Mapping[str, Any], key: str) -> list[Row]:
    if key == "emotions":
        return list(found["emotions"])
    groups = list(found["by"].get("train_frequency" if key == "frequency" else key, ()))
    if key not in GROUPINGS or key in ("subreddit", "topic"):
        groups.sort(key=lambda row: (-row["masks"], row["group"]))
    return groups


def _point(row: Row) -> Point:
    return row["lexical_accuracy"], row["low"], row["high"]


def _ends(row: Row) -> tuple[float, float, float]:
    return float(row["lexical_accuracy"]), float(row["low"]), float(row["high"])
