"""What the commands print, text or JSON, and the one way out to the terminal."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from enum import StrEnum
from typing import Annotated, Any, TextIO, cast

import typer

from express_metric.errors import printable


class Format(StrEnum):
    """What a command prints on stdout."""

    text = "text"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text (tables) or json.")]


LexiconOption = Annotated[
    str | None,
    typer.Option(help="nrc, express or a CSV file; by default the one that belongs to the data."),
]


GroupBy = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Also by the values of this column of the data."),
]


def print_json(value: dict[str, Any]) -> None:
    """Print JSON alone: a pager or a colour code would break what reads it."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()  # what reads it should not wait for a server to end


def tell_run(result: Any, number: int, count: int) -> None:
    """Say on standard error that a run of a sweep starts or has ended."""
    what = "starts" if result.status == "waiting" else result.status
    typer.echo(f"[{number}/{count}] {result.name}: {what} {result.sentence}".rstrip(), err=True)


def tell(format: Format, value: dict[str, Any], text: Callable[[], str | None]) -> None:  # noqa: A002
    """Print the `value` as JSON where that is asked for; else `text` prints, or gives the text."""
    if format is Format.json:
        print_json(value)
    elif (shown := text()) is not None:
        typer.echo(shown)


class Cleaned:
    """A stream through which nothing acts on a terminal, whatever data is printed.

    Rich writes past it in colours of its own; `express_cards.terminal` cleans what it is given.
    Other bars go back to the start of their line, or up, and write that alone.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Write a text that acts on no terminal."""
        moves = _MOVES.match(text)[0]  # type: ignore[index]
        self.stream.write(moves + printable(text[len(moves) :].replace("\r\n", "\n")))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


_MOVES = re.compile(r"\r|\n*(?:\x1b\[A)+\Z|")


@contextmanager
def cleaned() -> Iterator[None]:
    """Clean what is printed while the block runs, and say once what is to be known of data."""
    out, err = (cast("TextIO", Cleaned(stream)) for stream in (sys.stdout, sys.stderr))
    sources, said = logging.getLogger("express_dataset.sources"), set[str]()

    def is_new(record: logging.LogRecord) -> bool:
        count = len(said)
        said.add(record.getMessage())
        return len(said) > count

    sources.addFilter(is_new)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield
    finally:
        sources.removeFilter(is_new)
