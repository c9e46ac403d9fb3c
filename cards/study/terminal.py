"""A study on a terminal: what was made, where it is served, and what its answers show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from ..terminal import table, terminal
from ..words import percent
from .judged import CHOICES
from .server import Served
from .told import OUTCOMES, reach

MOST_READ = 5
Found = Mapping[str, Any]


def print_new(made: Found) -> None:
    """Print what a study holds, what it can find, and what to do next."""
    console = terminal()
    console.print(f"{made['posts']} posts of {made['of']} that fit; coders and their posts:")
    coders = made["coders"]
    console.print("  " + ", ".join(f"{name} {count}" for name, count in coders.items()))
    for name, groups in made["strata"].items():
        told = ", ".join(f"{group} {count}" for group, count in groups.items())
        console.print(f"  {name}: {told}")
    console.print(f"\n{made['power']['text']}")
    folder = made["folder"]
    console.print("\nFiles:")
    for file, what in {
        f"{folder}/instructions.txt, codebook.json, definitions.json": "edit them before you begin",
        f"{folder}/links.json": "each coder's token: keep it to yourself",
        f"{folder}/sheets": "the same as CSV and XLSX",
        made["key"]: "which side is whose: keep it from everybody who judges",
    }.items():
        console.print(f"  {escape(file)}  {what}", soft_wrap=True)
    console.print(f"\nNext: express study serve {escape(folder)}", soft_wrap=True)


def print_served(folder: Path, served: Served) -> None:
    """Print each coder's link."""
    console = terminal()
    if served.closed:
        console.print(f"This study was closed ({served.closed}): the page takes no answers.")
    for coder, link in served.links.items():
        console.print(f"{escape(coder):10}  {escape(link)}", soft_wrap=True)
    if served.loopback:
        console.print("\nOnly this machine can reach these links; --host lets others.")
    else:
        console.print(
            "\nEverybody who can reach this machine can try these links, and they travel "
            "unencrypted: put a server with HTTPS before it for coders elsewhere."
        )
    console.print(f"Ctrl-C ends it. Next: express study agreement {escape(str(folder))}")


def print_agreement(found: Found, page: Path | None) -> None:
    """Print the sentences, the tables, and posts to read."""
    console = terminal()
    console.print(f"\n[bold]{escape(found['name'])}[/bold]\n")
    for line in found["says"]:
        console.print(escape(line))
    for title, header, rows in tables(found):
        if rows:
            console.print(f"\n[bold]{escape(title)}[/bold]")
            _print(header, rows)
    for post in found["disagreements"][:MOST_READ]:
        said = "; ".join(
            f"{one['coder']} {one['choice']}{': ' + one['reason'] if one['reason'] else ''}"
            for one in post["answers"]
        )
        words = f"{', '.join(post['person'])} (person), {', '.join(post['model'])} (model)"
        console.print(f"\nno majority on {escape(post['item'])}: {escape(words)}. {escape(said)}")
    for line in found["notes"]:
        console.print(escape(f"note: {line}"))
    if page is not None:
        console.print(f"\nNext: open {escape(str(page))} in a browser", soft_wrap=True)
    else:
        console.print("\nNext: --out page.html shows all of it, with every post without a majority")


def print_codes(found: Found) -> None:
    """Print reasons, and codes by side."""
    console = terminal()
    for one in found["reasons"]:
        codes = f" [{', '.join(one['codes'])}]" if one["codes"] else ""
        console.print(
            escape(f"{one['coder']} {one['item']} {one['choice']}{codes}: {one['reason']}"),
            soft_wrap=True,
        )
    rows = code_rows(found["codes"])
    if rows:
        console.print()
        _print(CODE_HEADER, rows)
    else:
        console.print("No code was given yet.")
    for line in found["told"]:
        console.print(escape(line), soft_wrap=True)


CODE_HEADER = ("code", "what it means", "person", "model", "both", "neither", "p (Holm)")


def code_rows(codes: Sequence[Found]) -> list[tuple[str, ...]]:
    """A row for each code, under `CODE_HEADER`."""
    return [
        (
            row["code"],
            row["name"],
            *(str(row[choice]) for choice in CHOICES),
            "-" if row["p_holm"] is None else f"{row['p_holm']:.2g}",
        )
        for row in codes
    ]


def tables(found: Found) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Every table of a study's figures: title, header and rows; for terminal, page and report."""
    paper = found["paper"]
    yield (
        f"Majority over the {found['posts']} posts that all judged, beside the paper's "
        f"{paper['posts']} ({paper['model']})",
        ("chosen", "posts", "share", "95% interval", "paper's posts", "printed"),
        [
            (
                *(text, str(cell["n"]), percent(cell["value"]), reach(cell)),
                str(paper["majority"].get(name, "-")),
                f"{paper['percent_printed'][name]}%" if name in paper["majority"] else "-",
            )
            for name, text in OUTCOMES.items()
            for cell in [found["majority"][name]]
        ],
    )
    if paper["does_not_follow"]:
        yield (
            "Printed in the paper, but not what these very counts give",
            ("figure", "printed", "follows", "how"),
            [
                (row["what"], row["printed"], row["follows"], row["how"])
                for row in paper["does_not_follow"]
            ],
        )
    yield (
        "Choices of each coder, over all rows",
        ("coder", "answers", *CHOICES, "model against person (exact p)"),
        [
            (
                *(coder, str(sum(row[choice]["n"] for choice in CHOICES))),
                *(f"{row[choice]['n']} ({percent(row[choice]['value'])})" for choice in CHOICES),
                _p(found["preference"]["by_coder"].get(coder)),
            )
            for coder, row in found["choices"].items()
        ],
    )
    yield "Agreement", ("figure", "value", "95% interval"), list(_agreement(found))
    for name, rows in found["by"].items():
        yield (
            f"By {NAMES.get(name, name)}",
            (
                name,
                "posts",
                "model",
                "person",
                "both",
                "no majority",
                "model right",
                "person right",
            ),
            [
                (
                    *(row["group"], str(row["posts"])),
                    *(str(row["majority"][key]) for key in ("model", "person", "both", "none")),
                    *(
                        f"{percent(row[side]['value'])} ({reach(row[side])})"
                        for side in ("model", "person")
                    ),
                )
                for row in rows
            ],
        )
    yield (
        "Codes by side, over the posts that all judged",
        (*CODE_HEADER, "paper: person", "paper: model"),
        [
            (*cells, *_paper_code(paper["codes"].get(cells[0], {})))
            for cells in code_rows(found["codes"])
        ],
    )
    yield (
        "Rows whose stored choice is not what the order of the sides gives",
        ("coder", "item", "stored", "decoded"),
        [
            tuple(row[key] for key in ("coder", "item", "stored", "decoded"))
            for row in found["differing"]
        ],
    )


NAMES = {
    "masks": "number of masks",
    "family": "emotion of the person's word",
    "error": "kind of error: the two words' signs",
}


def _paper_code(row: Found) -> tuple[str, str]:
    return str(row.get("n_SD", "-")), str(row.get("n_LLM", "-"))


def _p(test: Found | None) -> str:
    if test is None or test["p"] is None:
        return "-"
    return f"{percent(test['value'])} of {test['of']} (p = {test['p']:.2g})"


def _agreement(found: Found) -> Iterator[tuple[str, str, str]]:
    names = {
        "fleiss_kappa": "Fleiss' kappa",
        "krippendorff_alpha": "Krippendorff's alpha, four choices",
        "krippendorff_alpha_sides": "Krippendorff's alpha, the two sides alone",
    }
    for key, name in names.items():
        cell = found["agreement"][key]
        if cell["value"] is not None:
            yield name, f"{cell['value']:.4f}", reach(cell, 2)
    for pair in found["agreement"]["cohen_kappa"]:
        value = "-" if pair["kappa"] is None else f"{pair['kappa']:.4f}"
        yield f"Cohen's kappa, {' and '.join(pair['coders'])}", value, f"{pair['posts']} posts"
    unanimous = found["unanimous"]
    share = f"{unanimous['n']} ({percent(unanimous['value'])})"
    yield "posts on which all were of one mind", share, reach(unanimous)


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    terminal().print(table(header, rows, left=len(header)))
