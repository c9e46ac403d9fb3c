"""`express space NAME`: a Space here, in a folder, or on the Hub."""

from __future__ import annotations

import sys
from typing import Any

import typer

from express_cards.spaces.options import SpaceOptions

from .printing import Format, FormatOption, print_json
from .takes import takes

app = typer.Typer(rich_markup_mode=None)


@app.command()
@takes(SpaceOptions)
def space(options: SpaceOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Run a Space here (metric, demo, leaderboard, study), write its folder, or push it."""
    from express_cards.spaces.open import as_text, open_space

    def tell(told: dict[str, Any]) -> None:
        if format is Format.json:
            print_json(told)
            # What reads it should not wait for the Space to end.
            sys.stdout.flush()
        else:
            typer.echo(as_text(told))

    open_space(options, tell)
