"""A comparison as text, Markdown and LaTeX."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..terminal import TEXT_WIDTH, table_width
from ..words import PLACES, percent, places, short, three_digits
from .compare import TABLE
from .groups import MOST
from .latex import for_latex, tabular
from .verdicts import measured

HEADS = {
    "valid_rate": "valid",
    "lexical_accuracy": "lexical",
    "vector_accuracy": "vector",
    "vector_f1": "F1",
}
CLEAN = TABLE[1:]
LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_KNOWN = 5  # columns before the figures
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def marks(p_value: float | None) -> str:
    """Stars for a corrected p-value.

    >>> marks(0.03), marks(0.0001)
    ('*', '***')
    >>> marks(0.2), marks(None)
    ('', '')
    """
    return next((stars for level, stars in LEVELS if p_value is not None and p_value < level), "")


def size(parameters: float | None) -> str:
    """A number of parameters as people say it.

    >>> size(135e6), size(9e9)
    ('135M', '9B')
    >>> size(None)
    '-'
    """
    if parameters is None:
        return "-"
    return f"{parameters / 1e9:.3g}B" if parameters >= 1e9 else f"{parameters / 1e6:.3g}M"


def as_text(found: dict[str, Any], width: int | None = None) -> str:
    """A comparison as aligned columns for a terminal; on a narrow one, a block for each row."""
    most = table_width() if width is None else width
    told = "\n".join(_filled(line, most, "  ", "") for line in _verdicts(found, str))
    blocks = [_runs(found, most), *([told] if told else []), _filled(found["note"], most)]
    for title, rows, lines in _training(found, str):
        said = [_filled(line, most, "  ", "") for line in lines]
        blocks += [_filled(title, most), _wide_or_narrow(rows, most), *said]
    blocks += [_wide_or_narrow(rows, most) for rows in _group_rows(found, str)]
    if found["findings"]:
        blocks += ["Findings of the paper", _checks(found, most), _filled(_PARTS, most)]
    return "\n\n".join(blocks) + "\n"


def _runs(found: dict[str, Any], width: int) -> str:
    """The first of these that fits: all columns, name and figures, a block for each run."""
    rows = _rows(found, str)
    slim = [[row[0], *row[_KNOWN:]] for row in rows]
    for table in (_aligned(rows), _aligned(slim)):
        if _fits(table, width):
            return table
    heads = slim[0][1:]
    return "\n\n".join(_block(row, heads, width) for row in slim[1:])


def _wide_or_narrow(rows: Sequence[Sequence[str]], width: int) -> str:
    table = _aligned(rows)
    narrow = (_block(row, rows[0][1:], width) for row in rows[1:])
    return table if _fits(table, width) else "\n\n".join(narrow)


def _block(row: Sequence[str], heads: Sequence[str], width: int) -> str:
    pairs = _aligned([[f"  {head}", cell] for head, cell in zip(heads, row[1:], strict=True)])
    return f"{_filled(row[0], width)}\n{pairs}"


def _checks(found: dict[str, Any], width: int) -> str:
    """The first that fits: all columns, without how it is measured, a block for each finding."""
    rows = _finding_rows(found, str)
    for table in (_aligned(rows), _aligned([row[:4] for row in rows])):
        if _fits(table, width):
            return table
    return "\n".join(
        f"{_filled(claim, width)}\n"
        f"{_filled(f'{verdict}, {figure}; shows from {least}', width, '  ')}"
        for claim, verdict, figure, least, _ in rows[1:]
    )


def _fits(text: str, width: int) -> bool:
    return max(map(len, text.splitlines())) <= width


def _filled(text: str, width: int, indent: str = "", first: str | None = None) -> str:
    # No text is easier to read for being wider than this.
    width = min(width, TEXT_WIDTH)
    return textwrap.fill(
        text,
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def as_markdown(found: dict[str, Any]) -> str:
    """A comparison as two Markdown tables; see `as_text`."""
    blocks = [_pipes(_rows(found, _for_markdown)), *_verdicts(found, _for_markdown)]
    blocks.append(_for_markdown(found["note"]))
    for title, rows, lines in _training(found, _for_markdown):
        blocks += [f"## {title}", _pipes(rows), *lines]
    blocks += map(_pipes, _group_rows(found, _for_markdown))
    if found["findings"]:
        blocks += ["## Findings of the paper", _pipes(_finding_rows(found, _for_markdown))]
    return "\n\n".join(blocks) + "\n"


def as_latex(found: dict[str, Any]) -> str:
    """A comparison as LaTeX tables with the rules of `booktabs`, intervals under their figures."""
    blocks = [tabular(_rows(found, for_latex), for_latex(found["caption"]))]
    for title, told, lines in _training(found, for_latex):
        blocks.append(tabular(told, " ".join([f"{title}.", *lines])))
    for grouped in _group_rows(found, for_latex):
        ranked = grouped[0][0] == "ranking"
        about = "The person's word in rankings." if ranked else "Identical words by group."
        blocks.append(tabular(grouped, f"{about} In percent."))
    if found["findings"]:
        rows = _finding_rows(found, for_latex)
        blocks.append(tabular(rows, "Findings of the paper."))
    note = textwrap.wrap(found["note"], 100, initial_indent="% ", subsequent_indent="% ")
    return (
        "% needs \\usepackage{booktabs,graphicx}\n"
        + "\n".join(note)
        + "\n\n".join(["", *blocks])
        + "\n"
    )


def _verdicts(found: dict[str, Any], safe: Callable[[str], str]) -> list[str]:
    """What the tests say of exact words: a line for each run, under one that names the baseline."""
    told = [safe(run["verdict"]) for run in found["runs"] if run.get("verdict")]
    return [safe(f"Exact words, against {found['baseline']}:"), *told] if told else []


def _rows(found: dict[str, Any], safe: Callable[[str], str]) -> list[list[str]]:
    """A row for each run and floor: beside each figure stands the one of the clean masks."""
    clean = any(run.get("clean") for run in found["runs"])
    beside = ["clean"] if clean else []
    heads = [head for name in TABLE for head in (HEADS[name], *(beside if name in CLEAN else ()))]
    rows = [["run", "family", "size", "setting", "group", *heads]]
    for run in found["runs"]:
        known = (run["name"], run["family"] or "-", size(run["parameters"]), run["setting"])
        against = run["against_baseline"] or {}
        cells = []
        for name in TABLE:
            stars = marks(against.get(name, {}).get("p_corrected"))
            cells.append(_cell(run["figures"][name], stars))
            if clean and name in CLEAN:
                cells.append(_percent(run["clean"][name] if run["clean"] else None))
        rows.append([*map(safe, known), run["group"], *cells])
    for name, figures in found["floors"].items():
        cells = []
        for key in TABLE:
            cells += [_percent(figures[key]), *(["-"] if clean and key in CLEAN else [])]
        rows.append([safe(name), "floor", "-", "-", "-", *cells])
    return rows


def _rankings(found: dict[str, Any], safe: Callable[[str], str]) -> Iterator[list[list[str]]]:
    """Of the runs that rank a list: figures as they are and with each term's prior taken out."""
    shown = [run for run in found["runs"] if run.get("rank")]
    if shown:
        heads = [head for said in PLACES.values() for head in (said, "prior out")]
        rows = [["ranking", *heads, "with a place", "list's share", "other masks"]]
        for run in shown:
            rank = run["rank"]
            cells = [cell for _, *pair in places(rank) for cell in pair]
            known = (f"{rank['in_vocabulary']} of {rank['masks']}", percent(rank.get("share")))
            cells += [*known, rank["other_masks"] or "-"]
            rows.append([safe(run["name"]), *map(safe, cells)])
        yield rows


def _finding_rows(found: dict[str, Any], safe: Callable[[str], str]) -> list[list[str]]:
    rows = [["finding", "verdict", "figure", "least that shows", "measured as"]]
    for finding in found["findings"]:
        agreed = sum(part["verdict"] == finding["verdict"] for part in finding["parts"])
        share = f"{finding['verdict']} ({agreed} of {len(finding['parts'])})"
        scale = 1.0 if finding["unit"] == "bits" else 100.0
        figure = _cell(finding, "", scale)
        least = finding["smallest"]
        shows = "-" if least is None else _number(least, scale)
        rows.append([safe(finding["claim"]), share, figure, shows, safe(measured(finding))])
    return rows


def _group_rows(found: dict[str, Any], safe: Callable[[str], str]) -> Iterator[list[list[str]]]:
    """The rankings; for each column that the data was grouped by, identical words of each run."""
    yield from _rankings(found, safe)
    for column, groups in found.get("groups", {}).items():
        runs = [run["name"] for run in found["runs"]]
        rows = [[safe(column), "masks", *map(safe, runs)]]
        for group in groups[:MOST]:
            cells = [_cell(group["lexical_accuracy"][run], "") for run in runs]
            rows.append([safe(short(group["group"], 40)), str(group["masks"]), *cells])
        yield rows


def _training(
    found: dict[str, Any], safe: Callable[[str], str]
) -> Iterator[tuple[str, list[list[str]], list[str]]]:
    """For each trained run a title, a table of before and after, and sentences on its words."""
    for one in found.get("training", ()):
        rows, lines = training_told(one)
        yield (
            safe(training_title(one)),
            [[safe(cell) for cell in row] for row in rows],
            [safe(line) for line in lines],
        )


def training_title(one: Mapping[str, Any]) -> str:
    """Which run was trained, from which, on how much."""
    return (
        f"What training did: {one['taught']}, from {one['base']}; {one['examples']:,} texts learned"
    )


def training_told(one: Mapping[str, Any]) -> tuple[list[list[str]], list[str]]:
    """Before and after as rows, the first naming the columns, and as sentences on words."""
    rows = [["", "masks", "before", "after", "difference", "p"]]
    for name in TABLE:
        cell = one["figures"][name]
        ends = [_percent(cell["first"]), _percent(cell["second"])]
        apart, p_value = _cell(cell["difference"], ""), three_digits(cell["p_value"])
        rows.append([HEADS[name], "all", *ends, apart, p_value])
    for row in one["rows"]:
        cells = [_cell(row[key], "") for key in ("before", "after", "difference")]
        cells.append(three_digits(row["p_value"]))
        rows.append([f"lexical, {row['group']}", str(row["masks"]), *cells])
    words, over, soft = one["words"], one["overused"], one["softening"]
    some = {
        key: ", ".join(f"{short(word, 24)} {n}" for word, n in words[key][:MOST]) or "none"
        for key in ("gained", "lost")
    }
    used = {
        key: ", ".join(f"{short(word, 24)} {model} for {people}" for word, people, model in told)
        for key, told in ((key, over[key][:5]) for key in ("before", "after"))
    }
    return rows, [
        f"Different words: {words['before']:,} before, {words['after']:,} after. Gained: "
        f"{some['gained']}. Lost: {some['lost']}.",
        f"Overused, model's count for people's: {used['before'] or 'none'} before; "
        f"{used['after'] or 'none'} after.",
        f"Softened less heightened, of the errors in one family: {_cell(soft['before'], '')} "
        f"before, {_cell(soft['after'], '')} after; scale {soft['scale']}.",
    ]


_PARTS = (
    "In brackets: how many of the comparisons behind a finding have its verdict. The figure is "
    "that of the comparison that is hardest on the claim, beside it the least change that so many "
    "posts can show. --format json has them all."
)


def _cell(shown: dict[str, Any], stars: str, scale: float = 100.0) -> str:
    # An interval calls it value, a finding figure; ~ marks an interval that may cover too little.
    value = shown["value"] if "value" in shown else shown["figure"]
    if value is None:
        return "-"
    text = _number(value, scale)
    if shown["low"] is not None:
        text += f" [{_number(shown['low'], scale)}, {_number(shown['high'], scale)}]"
    return f"{'~' if shown.get('approximate') else ''}{text} {stars}".rstrip()


def _number(value: float, scale: float) -> str:
    # Without the sum, a difference just below 0 would be written -0.0.
    return f"{round(value * scale, 1 if scale > 1 else 2) + 0.0:.{1 if scale > 1 else 2}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else _number(value, 100.0)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _pipes(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "| " + " | ".join(["---"] * len(rows[0])) + " |", *body])


def further(form: str, rows: Sequence[Sequence[str]], note: str) -> str:
    """A further table under a comparison, its head first, as Markdown or LaTeX."""
    safe = for_latex if form == "latex" else _for_markdown
    told = [[safe(cell) for cell in row] for row in rows]
    written = tabular(told, safe(note)) if form == "latex" else f"{_pipes(told)}\n\n{safe(note)}"
    return f"\n{written}\n"


def _for_markdown(text: str) -> str:
    # Names come from files and folders: they must stay text, and inside their cell.
    return _MARKDOWN.sub(r"\\\1", text)
