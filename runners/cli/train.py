"""`express train`, `express train merge` and `express check-contamination`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..training.options import CheckOptions, TrainConfig
from .printing import Format, FormatOption, tell
from .takes import takes

TRAIN = "train"


class Unnamed(TyperGroup):
    """A group whose first command needs no name: `express train --model ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name in, unless another command is asked for."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else [TRAIN, *args])


alone = typer.Typer(rich_markup_mode=None)
app = typer.Typer(
    cls=Unnamed, help="Teach a model the train pool (see train --help), or merge an adapter."
)


@app.command(TRAIN, hidden=True)
@takes(TrainConfig)
def train(
    config: TrainConfig,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be learned; load no weights.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(help="Write prompts and answers for another trainer (JSONL), and stop."),
    ] = None,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Teach a model the train pool; the same command goes on. To merge: express train merge."""
    told: dict[str, Any]
    if export is not None:
        from ..training.after import export as write

        lines, manifest = write(config, export)
        told = {"file": str(export), "lines": lines, "manifest": str(manifest)}
        text = (
            f"{export}  {lines} lines; put {manifest} as express.json into the folder that is "
            "trained on them"
        )
    elif dry_run:
        from ..planning import dry_training as planning

        told = planning.plan(config)
        text = planning.as_text(told)
    else:
        from ..training.telling import as_text, next_command
        from ..training.train import train as train_model

        done = train_model(config)
        if done is None:
            return
        told = {**done.record, "folder": str(done.folder), "next": next_command(config)}
        text = as_text(done, config)
    tell(format, told, lambda: text)


@alone.command("check-contamination")
@takes(CheckOptions)
def check_contamination(
    options: CheckOptions,
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Compare train and test rows of like difficulty: was a model trained on the former?"""
    from ..training.contamination import as_text, check

    found = check(options)
    tell(format, found, lambda: as_text(found))


@app.command()
def merge(
    model: Annotated[str, typer.Option(help="The base, or the adapter's folder.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    adapter: Annotated[str | None, typer.Option(help="The adapter, where --model is the base.")] = (
        None
    ),
) -> None:
    """Write base and adapter as one model; it keeps the proof of what was seen."""
    from ..training.after import merge as merge_model

    typer.echo(f"{merge_model(model, adapter, out)}  express run --model {out}")
