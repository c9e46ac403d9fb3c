"""A dataset's statistics, and what was published, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from ..comparison.paper_data import SPREAD_HEADER
from ..terminal import table, terminal
from ..words import percent
from .page import SPLIT_HEADER, check_rows, label_notes, split_rows, spread_rows

MOST_LABELS = 10


def print_stats(found: Mapping[str, Any], page: Path | None) -> None:
    """Print the figures of each split, the checks and the most frequent labels."""
    console = terminal()
    console.print(f"\n[bold]{escape(found['name'])}[/bold] ({escape(found['data'])})\n")
    console.print(table(SPLIT_HEADER, split_rows(found)))
    console.print("\nbeside the paper (its Table A.2)")
    console.print(table(SPREAD_HEADER, spread_rows(found)))
    masks = found["splits"]["all"]["masks"]
    console.print()
    common = list(found["labels"].items())[:MOST_LABELS]
    told = ", ".join(f"{label} {count} ({percent(count / masks)})" for label, count in common)
    console.print(f"labels: {escape(told)}, ...", soft_wrap=True)
    sizes = ", ".join(f"{name}: {count}" for name, count in found["masks_per_segment"].items())
    console.print(f"segments by their masks: {sizes}", soft_wrap=True)
    known = found["coverage"]["masks"]
    console.print(
        f"the lexicon {escape(found['coverage']['lexicon'])} has a vector for "
        f"{percent(known['vector'] / masks)} of the masks, an all-zero one for "
        f"{percent(known['zero'] / masks)}",
        soft_wrap=True,
    )
    for line in (*found["notes"], *label_notes(found)):
        console.print(escape(line), soft_wrap=True)
    console.print()
    console.print(table(("must be 0", "found", ""), check_rows(found)))
    if page is not None:
        console.print(f"\n{escape(str(page))}  open it in a browser", soft_wrap=True)


def print_published(told: Mapping[str, Any]) -> None:
    """Print what `express dataset publish` wrote and uploaded."""
    console = terminal()
    rows = ", ".join(f"{name} {count}" for name, count in told["rows"].items())
    console.print(f"{escape(told['data'])}: {rows}; licence {escape(told['license'])}")
    if told["labels_not_in_term_list"]:
        strangers = ", ".join(told["labels_not_in_term_list"])
        console.print(f"labels that are no known emotion term: {escape(strangers)}", soft_wrap=True)
    if told["folder"]:
        for name in told["files"]:
            console.print(f"  {escape(str(Path(told['folder']) / name))}", soft_wrap=True)
    if told["hub"]:
        hub = told["hub"]
        console.print(f"\n{escape(hub['url'])}  at commit {hub['commit'][:12]}", soft_wrap=True)
        revision = f', revision="{hub["tag"]}"' if hub["tag"] else ""
        console.print(f'Next: datasets.load_dataset("{escape(hub["repo"])}"{escape(revision)})')
    else:
        folder = Path(told["folder"])
        name = str(folder) if folder.is_absolute() else f"./{folder}"
        console.print(f'\nNext: datasets.load_dataset("{escape(name)}")', soft_wrap=True)
