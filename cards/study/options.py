"""The options of `express study new`, apart from what makes it: help loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


@dataclass(frozen=True, slots=True)
class NewOptions:
    """A study as the command line asks for it."""

    run: Annotated[Path, typer.Argument(help="A run's folder, or a file with texts and answers.")]
    out: Annotated[Path, typer.Option(help="The study's folder; must not be there yet.")]
    posts: Annotated[int, typer.Option(min=2, help="How many posts are judged.")] = 213
    coders: Annotated[int, typer.Option(help="How many coders.")] = 3
    per_item: Annotated[
        int | None, typer.Option(help="Coders for each post, in a balanced design; all by default.")
    ] = None
    differ: Annotated[
        str, typer.Option(help="vector or word: in what person and model differ at every mask.")
    ] = "vector"
    single_mask: Annotated[bool, typer.Option("--single-mask", help="Only posts with one.")] = False
    ask: Annotated[
        str, typer.Option(help="What else is asked: any of confidence,reason,codes; or none.")
    ] = "confidence,reason"
    seed: Annotated[
        int | None,
        typer.Option(help="Of the draws; a secret one by default. Who knows it knows the sides."),
    ] = None
    key: Annotated[
        Path | None, typer.Option(help="Where the key goes: OUT-key.json beside the folder.")
    ] = None
    definitions: Annotated[
        Path | None,
        typer.Option(help="JSON, word to definition; the lexicon's emotions by default."),
    ] = None
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; the run's own by default.")
    ] = None
