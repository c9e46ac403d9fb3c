"""What the folders of all Spaces share: pinned requirements, a list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError
from express_dataset.files import write_whole
from express_metric.signature import VERSION

MANIFEST = "space.json"
"""Tells which Space a folder is and which files are ours."""


def requirements(*extras: str) -> str:
    """The content of requirements.txt: this package at this version, with extras."""
    return f"express-benchmark{f'[{chr(44).join(extras)}]' if extras else ''}=={VERSION}\n"


def write(folder: Path, name: str, content: str | bytes) -> None:
    """Write one file of a Space, and the folders above it."""
    file = folder / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    except OSError as error:
        raise DataError(
            f"{file}: the Space cannot be written ({error.strerror}); give another --out"
        ) from error


def write_manifest(folder: Path, space: str) -> list[str]:
    """Write which Space this is and what belongs to it, and return the files' names."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    files = sorted(found | {MANIFEST})
    content = {"space": space, "version": VERSION, "files": files}
    write(folder, MANIFEST, json.dumps(content, indent=2) + "\n")
    return files


def read_manifest(text: str | bytes) -> dict[str, Any]:
    """What `write_manifest` wrote; nothing where the text is something else.

    >>> read_manifest('{"space": "demo", "files": []}')["space"], read_manifest("[]")
    ('demo', {})
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    whole = (
        isinstance(found, dict)
        and isinstance(found.get("space"), str)
        and isinstance(found.get("files"), list)
    )
    return found if whole else {}
