"""`express compare`."""

from __future__ import annotations

import dataclasses
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .printing import GroupBy, LexiconOption, print_json
from .takes import takes

app = typer.Typer(rich_markup_mode=None)


class Table(StrEnum):
    """How a comparison is printed."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    json = "json"


class Correction(StrEnum):
    """How p-values are corrected for their number."""

    holm = "holm"
    bh = "bh"


class ProtocolName(StrEnum):
    """The two protocols."""

    paper = "paper"
    revised = "revised"


@dataclasses.dataclass(frozen=True, slots=True)
class CompareOptions:
    """One comparison as the command line asks for it."""

    runs: Annotated[
        list[Path],
        typer.Argument(help="Two or more runs: folders, or any files that `express score` takes."),
    ]
    lexicon: LexiconOption = None
    protocol: Annotated[ProtocolName, typer.Option(help="paper or revised.")] = ProtocolName.revised
    baseline: Annotated[
        int, typer.Option(help="Which run the others are tested against: 1 is the first.")
    ] = 1
    correction: Annotated[
        Correction, typer.Option(help="Of p-values: holm, or bh (Benjamini-Hochberg).")
    ] = Correction.holm
    draws: Annotated[int, typer.Option(help="Bootstrap draws and permutations.")] = 10_000
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0
    group_by: GroupBy = None
    whole_posts: Annotated[
        bool,
        typer.Option(
            "--whole-posts",
            help="One run is on segments, the other on their whole posts: pair them mask by mask.",
        ),
    ] = False
    published: Annotated[
        bool,
        typer.Option("--published", help="Also the paper's figures beside them; one run will do."),
    ] = False


@app.command()
@takes(CompareOptions)
def compare(
    options: CompareOptions,
    format: Annotated[  # noqa: A002
        Table, typer.Option("--format", help="text, markdown, latex or json.")
    ] = Table.text,
) -> None:
    """Put runs side by side: intervals, tests, and the paper's findings as checks."""
    from express_cards.comparison import tables as compare_tables
    from express_cards.comparison.compare import compare as compare_paths
    from express_metric.analysis.resampling import Resampling

    beside = _published(options) if options.published else {}
    found = {}
    if not (beside and len(options.runs) == 1):
        found = compare_paths(
            options.runs,
            lexicon=options.lexicon,
            protocol=options.protocol.value,
            baseline=options.baseline,
            correction=options.correction.value,
            how=Resampling(options.draws, options.seed),
            group_by=options.group_by or (),
            whole_posts=options.whole_posts,
        )
    if format is Table.json:
        print_json({**found, "published": beside} if found and beside else found or beside)
        return
    if found:
        sys.stdout.write(getattr(compare_tables, f"as_{format.value}")(found))
    if beside:
        from express_cards.comparison.paper_rows import HEADER, cells, own_first
        from express_cards.terminal import print_plain

        heads = ("where", "what", "printed", "follows", "how")
        follows = "What does not follow from the paper's own rows"
        told = [tuple(map(str, one.values())) for one in beside["does_not_follow"]]
        own = [*map(cells, own_first(beside["table_3"]["rows"]))]
        if format is not Table.text:
            for rows, note in (([HEADER, *own], beside["note"]), ([heads, *told], follows)):
                sys.stdout.write(compare_tables.further(format.value, rows, note))
            return
        print_plain(HEADER, own, beside["note"])
        typer.echo(f"\n{follows}\n")
        print_plain(heads, told, "")


def _published(options: CompareOptions) -> dict[str, Any]:
    from express_cards.comparison.paper import beside_the_paper
    from express_cards.comparison.runs import load_runs

    return beside_the_paper(load_runs(options.runs, options.lexicon))
