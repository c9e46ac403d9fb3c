"""The options of `express space`, and which Space each belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from express_dataset.files import own_path
from express_dataset.hub_errors import ORG_NAME

NAMES = ("metric", "demo", "leaderboard", "study")
PORT = 7860
"""Where a Space listens, as Gradio does."""

# The options that are not for every Space; the others are for all.
_OF = {
    "model": ("demo",),
    "adapter": ("demo",),
    "base_url": ("demo",),
    "lexicon": ("demo", "leaderboard", "study"),
    "runs": ("leaderboard", "study"),
    "results": ("leaderboard",),
    "data": ("leaderboard",),
}
_LEXICONS = ("nrc", "express")


@dataclass(frozen=True, slots=True)
class SpaceOptions:
    """One Space as the command line asks for it; `check_options` tells what does not fit."""

    name: Annotated[
        str, typer.Argument(help="metric, demo, leaderboard or study.", show_default=False)
    ] = ""
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
    adapter: Annotated[
        str | None,
        typer.Option(help="demo: what a training added to its one model; a folder or a Hub id."),
    ] = None
    base_url: Annotated[str | None, typer.Option(help="demo: the server of an api: model.")] = None
    runs: Annotated[
        list[Path] | None, typer.Option(help="leaderboard, study: a run's folder; may be repeated.")
    ] = None
    results: Annotated[
        str | None, typer.Option(help="leaderboard: a results dataset, ORG/NAME or its folder.")
    ] = None
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="leaderboard: the data that the submissions of --results answered, as for run "
            "--dataset; may be repeated."
        ),
    ] = None
    lexicon: Annotated[
        str | None, typer.Option(help="demo, leaderboard, study: nrc, express or a CSV file.")
    ] = None


def check_options(options: SpaceOptions) -> None:
    """Refuse what cannot be meant so."""
    from express_dataset.errors import DataError

    if not options.name:
        raise DataError(f"say which Space: express space NAME, with NAME one of {', '.join(NAMES)}")
    if options.name not in NAMES:
        raise DataError(f"there is no Space {options.name!r}: choose {', '.join(NAMES)}")
    for option, names in _OF.items():
        if getattr(options, option) and options.name not in names:
            raise DataError(
                f"--{option.replace('_', '-')} is for the Space {' or '.join(names)}, "
                f"not for {options.name}"
            )
    if options.push is not None and not ORG_NAME.fullmatch(options.push):
        raise DataError(f"--push {options.push}: write the Space as ORG/NAME")
    if options.private and options.push is None:
        raise DataError("--private is for the Hub: say with --push ORG/NAME where to publish")
    if options.port is not None and (options.push or options.out):
        raise DataError("--port is for running the Space here: leave out --push and --out")
    if options.port is not None and not 0 <= options.port <= 65535:
        raise DataError(f"--port must be from 0 to 65535, got {options.port}")
    if options.data and not options.results:
        raise DataError("--data is for checking submissions: say with --results where they are")
    models = [name.strip() for name in (options.model or "").split(",")]
    if options.base_url and not any(name.startswith("api:") for name in models):
        raise DataError("--base-url is for a served model: write --model api:NAME")
    if options.push and options.name == "demo":
        _check_reach(options, models)


def _check_reach(options: SpaceOptions, models: list[str]) -> None:
    """Refuse to send to the Hub what can be had on this machine only."""
    from express_dataset.errors import DataError

    here = [("model", name) for name in models if _is_here(name)]
    for option in ("adapter", "lexicon"):
        if _is_here(getattr(options, option) or ""):
            here.append((option, getattr(options, option)))
    if options.base_url and _is_own_address(options.base_url):
        here.append(("base-url", options.base_url))
    if here:
        option, value = here[0]
        raise DataError(
            f"--{option} {value} is on this machine, where the Hub cannot reach it: give one that "
            "everybody can reach, or leave it out"
        )


def _is_here(name: str) -> bool:
    """Whether a name can only be a file or folder of this machine, there or not."""
    if not name or name in _LEXICONS:
        return False
    path = name.startswith((".", "/", "~")) or name.endswith((".gguf", ".csv"))
    return path or own_path(name).exists()


def _is_own_address(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.")
