"""The options of `express space`, and which Space each belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

NAMES = ("metric", "demo", "leaderboard")
PORT = 7860
"""Where a Space listens, as Gradio does."""

# The options that are not for every Space; the others are for all.
_OF = {
    "model": ("demo",),
    "base_url": ("demo",),
    "lexicon": ("demo", "leaderboard"),
    "runs": ("leaderboard",),
    "results": ("leaderboard",),
}
_REPO = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class SpaceOptions:
    """One Space as the command line asks for it; `check_options` tells what does not fit."""

    name: Annotated[str, typer.Argument(help="metric, demo or leaderboard.")]
    push: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="The Space on the Hub to publish to.")
    ] = None
    out: Annotated[
        Path | None, typer.Option(help="Write the Space's folder here instead of running it.")
    ] = None
    port: Annotated[
        int | None, typer.Option(help=f"On this machine; {PORT} by default, 0 for any free one.")
    ] = None
    private: Annotated[bool, typer.Option("--private", help="Only the owner sees it.")] = False
    model: Annotated[
        str | None,
        typer.Option(
            help="demo: Hub ids, folders, .gguf files or api:NAMEs, with commas between them; a "
            "small model by default."
        ),
    ] = None
    base_url: Annotated[str | None, typer.Option(help="demo: the server of an api: model.")] = None
    runs: Annotated[
        list[Path] | None, typer.Option(help="leaderboard: a run's folder; may be repeated.")
    ] = None
    results: Annotated[
        str | None,
        typer.Option(help="leaderboard: a results dataset, ORG/NAME or its folder."),
    ] = None
    lexicon: Annotated[
        str | None, typer.Option(help="demo, leaderboard: nrc, express or a CSV file.")
    ] = None


def check_options(options: SpaceOptions) -> None:
    """Refuse what cannot be meant so.

    Args:
        options: what the command line asks.

    Raises:
        DataError: an unknown Space, or options that do not go with it or with each other.

    >>> check_options(SpaceOptions("metric"))
    >>> check_options(SpaceOptions("metric", model="org/name"))
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: --model is for the Space demo, not for metric
    """
    from express_dataset.errors import DataError

    if options.name not in NAMES:
        raise DataError(f"there is no Space {options.name!r}: choose {', '.join(NAMES)}")
    for option, names in _OF.items():
        if getattr(options, option) and options.name not in names:
            raise DataError(
                f"--{option.replace('_', '-')} is for the Space {' or '.join(names)}, "
                f"not for {options.name}"
            )
    if options.push is not None and not _REPO.fullmatch(options.push):
        raise DataError(f"--push {options.push}: write the Space as ORG/NAME")
    if options.private and options.push is None:
        raise DataError("--private is for the Hub: say with --push ORG/NAME where to publish")
    if options.port is not None and (options.push or options.out):
        raise DataError("--port is for running the Space here: leave out --push and --out")
    if options.port is not None and not 0 <= options.port <= 65535:
        raise DataError(f"--port must be from 0 to 65535, got {options.port}")
    models = [name.strip() for name in (options.model or "").split(",")]
    if options.base_url and not any(name.startswith("api:") for name in models):
        raise DataError("--base-url is for a served model: write --model api:NAME")
