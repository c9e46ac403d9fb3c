"""Tables of LaTeX with the rules of `booktabs`, intervals under their figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_WIDE = 60  # letters of a cell that LaTeX breaks into lines
_FIGURE = re.compile(r"(~?)(-?[\d.]+)(?: \[(.*)\])?(?: (\S+))?")
"""What `_cell` writes: figure, interval, stars."""
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}


def for_latex(text: str) -> str:
    """Any text, as it is."""
    return "".join(_LATEX.get(mark, mark) for mark in text)


def tabular(rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table no wider than the text, the first row its head; cells and caption are LaTeX.

    >>> print(tabular([["run", "F1"], ["a", "35.1 [32.0, 38.4] **"]], "").splitlines()[6])
    a & $35.1^{**}$ \\\\
    """
    # A column that says nothing of any row takes room that a page does not have.
    told = [column for column in zip(*rows, strict=True) if {*column[1:]} - {"-", ""}]
    head, *body = zip(*told, strict=True)
    wide = [max(map(len, column[1:])) > _WIDE for column in told]
    columns = "".join(
        rf"p{{{0.45 / sum(wide):.2f}\textwidth}}"
        if breaks
        else ("r" if any(map(_FIGURE.fullmatch, column[1:])) else "l")
        for column, breaks in zip(told, wide, strict=True)
    )
    return "\n".join(
        [
            r"\begin{table}\centering\footnotesize",
            r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(head) + r" \\",
            r"\midrule",
            *(" & ".join(cells) + r" \\" for row in body for cells in _two_lines(row)),
            r"\bottomrule",
            r"\end{tabular}}",
            rf"\caption{{{caption}}}",
            r"\end{table}",
        ]
    )


def _two_lines(row: Sequence[str]) -> Iterator[list[str]]:
    """A row of figures, and under it one of their intervals."""
    above, below = list(row), [""] * len(row)
    for i, figure in enumerate(map(_FIGURE.fullmatch, row)):
        if figure:
            about, value, ends, stars = figure.groups("")
            raised = f"^{{{stars}}}" if stars else ""
            sign = r"\sim " if about else ""
            above[i] = f"${sign}{value}{raised}$"
            below[i] = rf"{{\scriptsize $[{ends}]$}}" if ends else ""
    yield above
    if any(below):
        yield below
