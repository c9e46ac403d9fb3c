"""A dataset as one page that opens from disk, with no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from express_dataset.publishing.statistics import CHECKS
from express_dataset.splits import SPLITS

from ..comparison.paper_data import SPREAD_HEADER, label_counts, spread_cells, spreads, topic_counts
from ..drawings.dataset import all_figures
from ..pages import render, write_page
from ..words import percent

MOST_NAMED = 15
"""How many labels a sentence names."""

SPLIT_HEADER = (
    "split",
    "segments",
    "posts",
    "masks",
    "labels",
    "words, median",
    "denied",
    "leaked",
)


def write_stats(found: Mapping[str, Any], out: Path) -> Path:
    """Write the page."""
    return write_page(out, render("stats.html", "report.css", ["page.js"], **view(found)))


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the page's template shows."""
    total = found["splits"]["all"]
    masks = total["masks"]
    published = {row["label"]: row["published"] for row in label_counts({})}
    failed = any(found["checks"].values())
    return {
        "name": found["name"],
        "about": f"{found['data']}, version {found['version']}, licence "
        f"{found['license'] or 'unknown'}.",
        "tiles": [
            {"value": f"{total['examples']:,}", "text": f"segments of {total['posts']:,} posts"},
            {"value": f"{masks:,}", "text": f"hidden words, {total['distinct_labels']} different"},
            {
                "value": f"{total['words']['median']:g}",
                "text": "words in a segment of middle length",
            },
            {
                "value": percent(found["coverage"]["masks"]["vector"] / masks),
                "text": "of the hidden words have emotions in the lexicon",
            },
        ],
        "split_header": SPLIT_HEADER,
        "split_rows": split_rows(found),
        "spreads": (SPREAD_HEADER, spread_rows(found)),
        "failed": failed,
        "verdict": "This data must not be published as it is."
        if failed
        else "All is well: no text and no post stands in two splits.",
        "checks": check_rows(found),
        "notes": [f"{note}." for note in found["notes"]],
        "figures": all_figures(found),
        "labels": [
            (label, str(count), percent(count / masks), str(published.get(label, "-")))
            for label, count in found["labels"].items()
        ],
        "topics": [
            (row["topic"], "yes" if row["published"] else "no", str(row["own"]))
            for row in topic_counts(found["groups"].get("topic", {}))
            if row["own"] is not None
        ],
        "label_notes": label_notes(found),
    }


def split_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each split, under `SPLIT_HEADER`."""
    rows = []
    for name in (*SPLITS, "all"):
        one = found["splits"][name]
        rows.append(
            (
                name,
                *(f"{one[key]:,}" for key in ("examples", "posts", "masks", "distinct_labels")),
                f"{one['words']['median']:g}" if one["words"] else "-",
                percent(one["negated_share"]),
                percent(one["leaked_share"]),
            )
        )
    return rows


def spread_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Lengths and masks of the texts beside the paper's (its Table A.2), under `SPREAD_HEADER`."""
    return [spread_cells(row) for row in spreads(found["splits"]["all"])]


def check_rows(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What must not be there, how often it is, and the verdict in a word.

    >>> check_rows({"checks": {"empty_texts": 0, "ids_used_twice": 2}})
    [('rows without a text', '0', 'good'), ('ids that are used more than once', '2', 'BAD')]
    """
    return [
        (CHECKS[name], str(count), "BAD" if count else "good")
        for name, count in found["checks"].items()
    ]


def label_notes(found: Mapping[str, Any]) -> list[str]:
    """What should be known of the labels beside their counts."""
    notes = []
    unseen, test = found["labels_of_test_not_in_train"], found["splits"]["test"]["masks"]
    if unseen:
        notes.append(
            f"Masks of the test split whose label never occurs in train: {sum(unseen.values())} "
            f"of {test} ({_named(unseen)})."
        )
    strangers = found["labels_not_in_term_list"]
    if strangers:
        notes.append(
            f"Masks whose label is not in the list of words for emotions: "
            f"{sum(strangers.values())} ({_named(strangers)})."
        )
    without = found["coverage"]["without_vector"]
    if without:
        notes.append(
            f"Masks whose label has no vector in the lexicon {found['coverage']['lexicon']}: "
            f"{sum(without.values())} ({_named(without)})."
        )
    if found["repeated_texts"]:
        notes.append(f"Segments that repeat another one of their split: {found['repeated_texts']}.")
    return notes


def _named(labels: Mapping[str, int]) -> str:
    names = ", ".join(list(labels)[:MOST_NAMED])
    return names if len(labels) <= MOST_NAMED else f"{names} and {len(labels) - MOST_NAMED} more"
