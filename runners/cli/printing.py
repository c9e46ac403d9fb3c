"""What the commands print on stdout: text or JSON."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer


class Format(StrEnum):
    """What a command prints on stdout."""

    text = "text"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text (tables) or json.")]


GroupBy = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Also by the values of this column of the data."),
]


def print_json(value: dict[str, Any]) -> None:
    """Print JSON alone: a pager or a colour code would break what reads it."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def tell_run(result: Any, number: int, count: int) -> None:
    """Say on standard error that a run of a sweep starts or has ended."""
    what = "starts" if result.status == "waiting" else result.status
    typer.echo(f"[{number}/{count}] {result.name}: {what} {result.sentence}".rstrip(), err=True)
