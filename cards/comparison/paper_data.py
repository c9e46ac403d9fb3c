"""The data of the paper beside one's own: Tables A.2 (lengths), A.4 (labels) and A.5 (topics)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from express_dataset import Example
from express_dataset.grouping import TOPIC, values_of
from express_dataset.known import topics
from express_dataset.publishing.statistics import of_rows

from .published import tables

SPREADS = {"words_per_post": "words in a text", "emotion_words_per_post": "masks in a text"}


def data_tables(labels: Iterable[str], examples: Sequence[Example] | None) -> dict[str, Any]:
    """The three tables: ``table_a2``, ``table_a4`` and ``table_a5``, ready for JSON."""
    return {
        "table_a2": spreads(of_rows(examples) if examples else None),
        "table_a4": label_counts(Counter(labels)),
        "table_a5": topic_counts(
            Counter(filter(None, values_of(examples, TOPIC))) if examples else Counter()
        ),
    }


def spreads(found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Table A.2; `found` is what `of_rows` says of one's own data."""
    own = {"words_per_post": "words", "emotion_words_per_post": "masks_each"}
    return [
        {"what": SPREADS[key], "published": printed, "own": found and found[own[key]]}
        for key, printed in tables()["table_a2"].items()
    ]


def spread_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of Table A.2 as text: mean (SD), median and range, as published and here."""
    cells = [row["what"]]
    for one in (row["published"], row["own"]):
        cells += (
            (f"{one['mean']:g} ({one['sd']:g})", f"{one['median']:g}", _range(one))
            if one
            else ("-", "-", "-")
        )
    return tuple(cells)


SPREAD_HEADER = ("", "published mean (SD)", "median", "range", "here mean (SD)", "median", "range")


def _range(one: Mapping[str, float]) -> str:
    return f"{one['min']:g} to {one['max']:g}"


def label_counts(here: Mapping[str, int]) -> list[dict[str, Any]]:
    """Table A.4: how often each label stands, as published and here."""
    whole, total = tables()["masks"], sum(here.values())
    return [
        {
            "label": label,
            "published": count,
            "published_share": count / whole,
            "own": here.get(label, 0),
            "own_share": here.get(label, 0) / total if total else None,
        }
        for label, count in tables()["table_a4"].items()
    ]


def topic_counts(here: Mapping[str, int]) -> list[dict[str, Any]]:
    """Table A.5: the paper's topics, which it prints without counts, and how many texts have each.

    Topics that are not the paper's follow; ``own`` is None for all where the data has no topics.
    """
    named = list(dict.fromkeys(topics().values()))
    total = sum(here.values())
    strange = sorted(set(here) - set(named), key=lambda name: (-here[name], name))
    return [
        {
            "topic": name,
            "published": name in named,
            "own": here.get(name, 0) if total else None,
            "own_share": here.get(name, 0) / total if total else None,
        }
        for name in [*named, *strange]
    ]
