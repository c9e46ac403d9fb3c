"""What the leaderboard's page shows, ready for its template."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_metric.analysis.intervals import Interval
from express_metric.parsing import PROTOCOLS, Protocol
from express_metric.signature import VERSION

from ...comparison.tables import size
from ...drawings.svg import Drawn, tag
from ...pages import render
from ...words import percent
from .references import about_published, published
from .rows import RANKED_BY, Entry, Group, Rank, Refused, Row, group, tie_groups

RESULTS = "ORG/express-results"
"""Where submissions go, as long as no other name is known."""

BAR, HEIGHT = 64, 12
PUBLISHED = "published"
_RANKING = (
    " The models did not write words of their own but put given ones in order, so that every "
    "answer is valid."
)

# The protocol that is sounder is shown first.
SHOWN: tuple[Protocol, ...] = tuple(reversed(PROTOCOLS))


@dataclass(frozen=True)
class Column:
    """A column of the tables."""

    key: str  # its name in the page's script; a figure's own name
    title: str  # its head
    # how its values are put in order: `number`, `text` or `figure`, a number by which rows can be
    # ranked; empty where they are not
    kind: str
    meaning: str  # what a lay reader should know

    @property
    def figure(self) -> bool:
        """Whether rows can be ranked by it."""
        return self.kind == "figure"


_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
COLUMNS = tuple(Column(**one) for one in _WORDS["columns"])


def page(entries: Sequence[Entry], refused: Sequence[Refused], results: str | None) -> str:
    """The page as text: it opens from disk and asks no network for anything."""
    return render(
        "leaderboard.html",
        ["report.css", "leaderboard.css"],
        ["page.js", "leaderboard.js"],
        **view(entries, refused, results),
    )


def view(
    entries: Sequence[Entry], refused: Sequence[Refused], results: str | None
) -> dict[str, Any]:
    """All that the template needs; see `page`."""
    panels = [_panel(group(entries, protocol), protocol) for protocol in SHOWN]
    return {
        "about": _about(entries, len(panels[0]["tables"])),
        "columns": COLUMNS,
        "ranked_by": next(column for column in COLUMNS if column.key == RANKED_BY),
        "panels": panels,
        "n_rows": len(entries),
        "families": _names(one.family or "" for one in entries),
        "settings": _names(one.setting for one in entries),
        "decodings": _names(one.signatures["revised"].decode for one in entries),
        "refused": refused,
        "results": results or RESULTS,
        "version": VERSION,
    }


def _names(found: Iterable[str]) -> list[str]:
    return sorted({name for name in found if name})


def _about(entries: Sequence[Entry], tables: int) -> str:
    if not entries:
        return "No run yet."
    models = len({(one.model, one.revision) for one in entries if one.ranked})
    apart = "one table" if tables == 1 else f"{tables} tables that are not to be mixed"
    return f"{_are(len(entries), 'run')} of {_are(models, 'model')}, in {apart}."


def _are(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _panel(tables: Sequence[Group], protocol: Protocol) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "meaning": _WORDS["protocols"][protocol],
        "tables": [
            {
                "title": _title(table),
                "about": _size(table),
                "notes": _names(note for row in table.rows for note in row.entry.notes),
                "apart": _apart(tables[0], table) if place else "",
                "leader": leader(table),
                "signature": str(table.signature),
                **_rows(table),
            }
            for place, table in enumerate(tables)
        ],
    }


def _rows(table: Group) -> dict[str, Any]:
    """The rows of a table, published ones at their places, and what is to be known of these."""
    groups = {name: tie_groups(table.rows, name) for name in table.rows[0].figures}
    shown = [
        _cells(row, table.protocol, {name: found[place] for name, found in groups.items()})
        for place, row in enumerate(table.rows)
    ]
    known = [_cells(row, table.protocol) for row in published(table)]
    if known:
        shown = sorted(
            shown + known, key=lambda row: -float(row["figures"][RANKED_BY]["value"] or -1)
        )
    return {"rows": shown, "published": about_published() if known else ""}


def _title(table: Group) -> str:
    data = table.signature.data.partition("@")[0]
    ranking = f", ranking of {table.words} given words" if table.words else ""
    return f"{data}, split {table.signature.split}{ranking}"


def _size(table: Group) -> str:
    first = table.rows[0].entry
    return (
        f"{_are(table.signature.n, 'example')} with {_are(first.n_masks, 'hidden word')} from "
        f"{_are(first.n_posts, 'post')}; {_are(len(table.rows), 'run')}."
        + (_RANKING if table.words else "")
    )


def _apart(first: Group, other: Group) -> str:
    """Why a table's figures may not be set beside those of the first."""
    differing = other.signature.differences(first.signature)
    told = ", ".join(
        f"{part} is {here} here and {there} there" for part, (here, there) in differing.items()
    )
    told = told or "its examples have other ids or labels, though the signature is the same"
    return f"Not to be compared with the first table: {told}."


def leader(table: Group) -> str:
    """Who names the person's own word most often, and how sure that is; empty for a lone run.

    Nobody is said to lead with a share that shows as 0.0%, or where the interval of the best
    reaches the share of a floor.
    """
    ranked = [row for row in table.rows if row.ranks.get(RANKED_BY)]
    if len(ranked) < 2:
        return ""
    first = ranked[0]
    best, rank = first.figures[RANKED_BY], first.ranks[RANKED_BY]
    value, name = percent(best.value), _called(first)
    if value == percent(0):
        return "No run names the person's own word in as much as 0.1% of cases: none leads."
    floor = max((_share(row) for row in table.rows if not row.entry.ranked), default=None)
    if floor is not None and (best.low is None or best.low <= floor):
        return (
            "No run is clearly better than a floor, which names the person's own word in "
            f"{percent(floor)} of cases without reading: the best is {name}, {value}."
        )
    equal = [row for row in ranked if percent(_share(row)) == value]
    if len(equal) > 1:
        more = f" and {_are(len(equal) - 2, 'other run')}" if len(equal) > 2 else ""
        names = f"{name}{',' if more else ' and'} {_called(equal[1])}{more}"
        return f"{names} name the person's own word equally often, {value}: none leads alone."
    rivals = 0 if rank is None else rank[1] - rank[0]
    if not rivals:
        certain = "clearly ahead of all others"
    else:
        certain = f"but the intervals of {_are(rivals, 'other run')} reach into its own"
    return f"{name} names the person's own word most often, {value}, {certain}."


def _share(row: Row) -> float:
    return row.figures[RANKED_BY].value or 0.0


def _called(row: Row) -> str:
    return f"{row.entry.model} ({row.entry.setting})"


def _cells(
    row: Row, protocol: Protocol, groups: Mapping[str, int | None] | None = None
) -> dict[str, Any]:
    """A row as its template wants it; published ones stand in no group."""
    groups = groups or {}
    entry, signature = row.entry, row.entry.signatures["revised"]
    clean = entry.clean.get(protocol, {})
    return {
        "entry": entry,
        "revision": entry.revision[:8],
        "size": size(entry.parameters),
        "billions": "" if entry.parameters is None else f"{entry.parameters / 1e9:g}",
        "prompt": signature.prompt,
        "decoding": signature.decode,
        "published": not groups,
        "rank": rank_text(row.ranks[RANKED_BY]) if groups else PUBLISHED,
        "tied": groups.get(RANKED_BY),
        "figures": {
            name: {
                "value": "" if found.value is None else repr(found.value),
                "text": percent(found.value),
                "reach": reach(found),
                "clean": percent(clean[name]) if name in clean else "",
                "rank": rank_text(row.ranks[name]) if groups else PUBLISHED,
                "tied": groups.get(name) or "",
                "bar": bar(found),
            }
            for name, found in row.figures.items()
        },
    }


def rank_text(rank: Rank | None) -> str:
    """A rank as it is shown.

    >>> rank_text((2, 2)), rank_text(None)
    ('2', '-')
    >>> rank_text((1, 3))
    '1\u20133'
    """
    if rank is None:
        return "-"
    best, worst = rank
    return f"{best}" if best == worst else f"{best}\u2013{worst}"


def reach(found: Interval) -> str:
    """The ends of an interval in percent.

    >>> reach(Interval(0.5, 0.412, 0.6, "bca"))
    '41.2\u201360.0'
    >>> reach(Interval(0.5, None, None, "none"))
    ''
    """
    if found.low is None or found.high is None:
        return ""
    return f"{100 * found.low:.1f}\u2013{100 * found.high:.1f}"


def bar(found: Interval) -> Drawn:
    """A figure as a bar from 0 to 100%, with its interval as a whisker.

    The same stands beside it in numbers, so that it is hidden from those who listen.

    >>> bar(Interval(0.5, 0.25, 0.75, "bca")).count("<line")
    3
    >>> bar(Interval(None, None, None, "none")).count("<rect")
    1
    """
    parts = [tag("rect", x=0, y=2, width=BAR, height=HEIGHT - 4, cls="track")]
    if found.value is not None:
        parts.append(tag("rect", x=0, y=2, width=BAR * found.value, height=HEIGHT - 4, cls="bar"))
    if found.low is not None and found.high is not None:
        low, high, middle = BAR * found.low, BAR * found.high, HEIGHT / 2
        ends = ((low, high, middle, middle), (low, low, 1, HEIGHT - 1), (high, high, 1, HEIGHT - 1))
        parts += [tag("line", x1=a, x2=b, y1=y, y2=z, cls="reach") for a, b, y, z in ends]
    return tag(
        "svg",
        *parts,
        viewBox=f"-1 0 {BAR + 2} {HEIGHT}",
        width=BAR,
        height=HEIGHT,
        aria_hidden="true",
    )
