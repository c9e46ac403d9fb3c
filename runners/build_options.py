"""The options of `express dataset build`; what is not given is left to `BuildConfig`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import RunError

if TYPE_CHECKING:
    from express_dataset.construct.config import BuildConfig


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """One build as the command line asks for it."""

    dumps: Annotated[
        list[Path],
        typer.Argument(
            metavar="DUMP...", help="Reddit dumps (.zst, .jsonl, .jsonl.gz, .parquet) or folders."
        ),
    ]
    out: Annotated[Path, typer.Option(help="The folder to write; the same command goes on there.")]
    min_words: Annotated[
        int | None, typer.Option(help="Drop posts with fewer words; 50 by default.")
    ] = None
    protocol: Annotated[
        str | None, typer.Option(help="express (default), or express-2025 as in the paper.")
    ] = None
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Hub id, folder, or `words`; FacebookAI/roberta-base by default."),
    ] = None
    max_tokens: Annotated[
        int | None, typer.Option(help="Most tokens of a segment; 512 by default.")
    ] = None
    near_duplicates: Annotated[
        str | None, typer.Option(help="group (they share a split, the default) or drop.")
    ] = None
    key: Annotated[
        Path | None, typer.Option(help="File of the pseudonyms' key; made if it is absent.")
    ] = None
    workers: Annotated[
        int | None, typer.Option(help="Tasks at a time; changes nothing in the result.")
    ] = None
    executor: Annotated[str | None, typer.Option(help="local (default), slurm or ray.")] = None
    executor_option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the executor, such as partition=cpu.")
    ] = None

    def config(self) -> BuildConfig:
        """The checked configuration."""
        from express_dataset.construct.config import BuildConfig

        given: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) is not None
        }
        further = {}
        for option in given.pop("executor_option", ()):
            name, equals, value = option.partition("=")
            if not equals:
                raise RunError(f"--executor-option {option}: write it as NAME=VALUE.")
            further[name] = value
        given["dumps"] = tuple(given["dumps"])
        return BuildConfig(**given, executor_options=further)
