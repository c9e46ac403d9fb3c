"""Results as tables on a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from express_metric.errors import printable
from express_metric.parsing import PROTOCOLS
from express_runners.runs.record import Model

from .words import FIGURES, advice, of_list, percent, places

TEXT_WIDTH = 100
UNFOLDED = 10_000
EXPLAINED = 60  # on a narrower terminal there is no room for what a figure says


def text_width() -> int:
    """How wide a text may be: as COLUMNS or the terminal says.

    A pipe has no width of its own, and a table folded at 80 columns is hard to grep.
    """
    return shutil.get_terminal_size((TEXT_WIDTH, 24)).columns


def table_width() -> int:
    """How wide a table may be: as `text_width`, but in a pipe a row always stays in one line."""
    return shutil.get_terminal_size((UNFOLDED, 24)).columns


class Terminal(Console):
    """Rich's console, whose texts act on no terminal but by Rich's own markup."""

    def __init__(self, width: int) -> None:
        super().__init__(highlight=False, width=width)

    def render_str(self, text: str, **how: Any) -> Text:
        """Render a text of a line or of a cell."""
        return super().render_str(printable(text), **how)


def terminal() -> Terminal:
    """Where results are printed, as wide as `text_width`."""
    return Terminal(text_width())


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> Table:
    """Aligned columns: the first `left` as text, the others as numbers, what they hold escaped."""
    made = Table(*map(_cell, header), box=None, pad_edge=False)
    for column in made.columns[left:]:
        column.justify = "right"
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def _cell(text: str) -> str:
    """A cell of one line, none of it markup."""
    return escape(" ".join(text.splitlines()))


def print_plain(header: Sequence[str], rows: Iterable[Sequence[str]], note: str) -> None:
    """Print a table of text and what a reader must know of it."""
    made = table(header, rows, left=len(header))
    Terminal(table_width()).print(made)
    terminal().print(f"\n{escape(note)}")


def print_scores(scores: dict[str, Any]) -> None:
    """Print the figures of both protocols, what could not be read, and the signatures."""
    console = terminal()
    wide = console.width >= EXPLAINED
    columns: dict[str, Any] = {p: scores[p] for p in PROTOCOLS}
    clean = scores["revised"].get("clean")
    if clean:
        columns["clean"] = clean
    shown = table(
        ("figure", *columns, *(["what it says"] if wide else [])),
        (
            (name, *(percent(one[name]) for one in columns.values()), *([meaning] if wide else []))
            for name, meaning in FIGURES.items()
        ),
    )
    if wide:
        shown.columns[-1].justify = "left"
    console.print(shown)
    paper, revised = scores["paper"], scores["revised"]
    console.print(
        f"\n{revised['n_examples']} examples, {revised['n_masks']} masks; the lexicon knows "
        f"{percent(revised['coverage']['labels']['known'])} of the labels."
    )
    if clean:
        console.print(
            f"clean: revised without words that stand in the text or are denied there; "
            f"{clean['n_masks']} masks are left."
        )
    if paper.get("note"):
        console.print(escape(paper["note"]))
    if "rank" in scores:
        console.print()
        console.print(
            table(("place in the list", "as ranked", "prior out"), places(scores["rank"]))
        )
        console.print(f"\n{escape(of_list(scores['rank']))}")
    for protocol, score in (("paper", paper), ("revised", revised)):
        if score["invalid"]:
            reasons = ", ".join(f"{k} {n}" for k, n in score["invalid"].items())
            console.print(f"not scored under {protocol}: {escape(reasons)}")
    for line in advice(scores):
        console.print(f"\n{escape(line)}")
    console.print()
    for score in (paper, revised):
        console.print(escape(score["signature"]), soft_wrap=True)


def print_run(folder: Path, model: Model, scores: dict[str, Any], page: Path | None) -> None:
    """Print a finished run: model, scores, where the files are, and what to do next."""
    console = terminal()
    console.print(f"\n[bold]{escape(model.name)}[/bold] ({model.family})\n")
    print_scores(scores)
    files = {
        "scores.json": "all figures and counts",
        "predictions.jsonl": "every answer, as the model wrote it",
        "run.json": "everything that was asked and what it ran on",
    }
    if page is not None:
        files = {page.name: "the run as a page"} | files
    console.print("\nFiles:")
    for name, what in files.items():
        console.print(f"  {escape(str(folder / name))}  {what}", soft_wrap=True)
    after = f"open {page} in a browser" if page else f"express score {folder}"
    console.print(f"\nNext: {escape(after)}", soft_wrap=True)


def print_installed(installed: dict[str, Any]) -> None:
    """Print what `express install` prepared and how to load it."""
    console = terminal()
    dataset = installed["dataset"]
    rows = ", ".join(f"{name} {n}" for name, n in dataset["splits"].items())
    console.print(f"dataset {escape(dataset['name'])}: {rows}", soft_wrap=True)
    console.print("metric express_alignment\n")
    console.print("Next, from any folder:")
    console.print('  datasets.load_dataset("express")')
    console.print('  evaluate.load("express_alignment")')
    console.print(
        "Offline, set HF_HUB_OFFLINE=1 and HF_EVALUATE_OFFLINE=1, and neither asks the Hub first."
    )


def print_build(out: Path, finished: bool, splits: dict[str, int], dropped: dict[str, int]) -> None:
    """Print what a build of a dataset gave, and what to do next."""
    console = terminal()
    if not finished:
        console.print("The tasks are with the cluster; run the same command again when they end.")
        return
    for title, counts in (("rows", splits), ("left out", dropped)):
        console.print(table((title, ""), ((name, str(count)) for name, count in counts.items())))
        console.print()
    console.print(f"{escape(str(out / 'build.json'))}  everything counted", soft_wrap=True)
    console.print(f"\nNext: express dataset stats {escape(str(out))}", soft_wrap=True)
