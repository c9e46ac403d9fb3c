"""The packages of a checkout, this one or another, where Python finds them by their names."""

from __future__ import annotations

from pathlib import Path


def linked(checkout: Path, folder: Path) -> Path:
    """Make a folder for PYTHONPATH, from which the four packages of a checkout are imported."""
    folder.mkdir()
    for name in ("express_dataset", "express_metric", "runners", "cards"):
        known = name if name.startswith("express") else f"express_{name}"
        (folder / known).symlink_to(checkout.resolve() / name)
    return folder
