"""The folder of the metric's Space."""

from __future__ import annotations

import re
from pathlib import Path

import express_metric
from express_metric.install import NAME

from ..files import requirements, write
from ..options import SpaceOptions
from .card import REPO, metric_card, metric_page

_SIBLING = re.compile(r"^from \.(\w+) import ", re.MULTILINE)


def stage(folder: Path, options: SpaceOptions) -> None:
    """Write the metric and its siblings, its card and its page."""
    for file in metric_files():
        write(folder, file.name, file.read_bytes())
    repo = options.push or REPO
    write(folder, "README.md", metric_card(repo))
    write(folder, "index.html", metric_page(repo))
    write(folder, "requirements.txt", requirements())


def metric_files() -> list[Path]:
    """The metric's script, and every sibling that `evaluate` copies with it."""
    # The lines that `evaluate.loading.get_imports` finds, without the seconds that it takes.
    script = Path(express_metric.__file__).with_name(f"{NAME}.py")
    names = _SIBLING.findall(script.read_text("utf-8"))
    return [script, *(script.with_name(f"{name}.py") for name in names)]
