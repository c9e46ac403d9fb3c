"""A run as one page that opens from disk, with no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset import MASK, Example
from express_dataset.errors import require

from .words import FIGURES, advice, percent

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a post: plain text, or a mask with the person's and the model's word."""

    text: str
    label: str | None = None
    answer: str | None = None

    @property
    def right(self) -> bool:
        """Whether the model gave the person's word."""
        return self.label == self.answer


def pieces(text: str, labels: Sequence[str], terms: Sequence[str] | None) -> list[Piece]:
    """Cut a post at its masks and put both words in place.

    >>> [p.text or p.label for p in pieces("I was <mask>.", ["sad"], ["sad"])]
    ['I was ', 'sad', '.']
    >>> pieces("<mask>", ["sad"], None)[0].answer is None
    True
    """
    answers = list(terms) if terms and len(terms) == len(labels) else [None] * len(labels)
    first, *rest = text.split(MASK)
    found = [Piece(first)]
    for label, answer, after in zip(labels, answers, rest, strict=True):
        found += [Piece("", label, answer), Piece(after)]
    return [piece for piece in found if piece.text or piece.label is not None]


def write_report(
    folder: Path,
    asked: dict[str, Any],
    scores: dict[str, Any],
    lines: Sequence[dict[str, Any]],
    examples: Sequence[Example],
) -> Path:
    """Write `report.html` into a run's folder.

    Args:
        folder: the run's folder.
        asked: what `run.json` says was asked.
        scores: what `scores.json` holds.
        lines: the lines of `predictions.jsonl`.
        examples: the examples they answer, in the same order.

    Returns:
        The page's path.
    """
    jinja2 = require("jinja2", "report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    posts = [
        {
            "id": line["id"],
            "pieces": pieces(example.text, example.labels, line["terms"]["revised"]),
            "completion": line["completion"],
            "reason": line["reason"]["revised"] or _count_reason(line),
        }
        for line, example in zip(lines[:SHOWN], examples[:SHOWN], strict=True)
    ]
    page = environment.get_template("report.html").render(
        model=asked["model"],
        dataset=asked["dataset"],
        scores=scores,
        figures=FIGURES,
        advice=advice(scores),
        posts=posts,
        total=len(lines),
    )
    path = folder / "report.html"
    path.write_text(page, "utf-8")
    return path


def _count_reason(line: dict[str, Any]) -> str | None:
    terms = line["terms"]["revised"]
    return None if len(terms or ()) == len(line["references"]) else "wrong-count"
