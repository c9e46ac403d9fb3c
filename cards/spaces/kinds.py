"""The Spaces there are, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .files import write_manifest
from .options import SpaceOptions


@dataclass(frozen=True, slots=True)
class Space:
    """One Space."""

    name: str  # as the command calls it
    sdk: Literal["static", "gradio"]  # what the Hub runs it with
    module: str  # where its `stage(folder, options)` is
    slug: str | None = None  # the only name it can have on the Hub; None for any

    def stage(self, folder: Path, options: SpaceOptions) -> list[str]:
        """Write everything that is pushed, and return the files' names."""
        importlib.import_module(self.module, __package__).stage(folder, options)
        return write_manifest(folder, self.name)

    def serve(self, folder: Path, options: SpaceOptions, ready: Callable[[str], None]) -> None:
        """Run the Space here until Ctrl-C."""
        from . import serve

        if self.sdk == "static":
            serve.serve_static(folder, options.port, ready)
        else:
            serve.serve_app(options, ready)


SPACES = {
    space.name: space
    for space in (
        Space("metric", "static", ".metric.site", slug="express_alignment"),
        Space("demo", "gradio", ".demo.site"),
        Space("leaderboard", "static", ".leaderboard.site"),
        Space("study", "static", ".study.site"),
    )
}
