"""`express space NAME`: a Space here, in a folder, or on the Hub."""

from __future__ import annotations

import typer

from express_cards.spaces.options import SpaceOptions

from .printing import Format, FormatOption, tell
from .takes import takes

app = typer.Typer(rich_markup_mode=None)


@app.command()
@takes(SpaceOptions)
def space(options: SpaceOptions, format: FormatOption = Format.text) -> None:  # noqa: A002
    """Run a Space here (metric, demo, leaderboard, study), write its folder, or push it."""
    from express_cards.spaces.open import as_text, open_space

    open_space(options, lambda told: tell(format, told, lambda: as_text(told)))
