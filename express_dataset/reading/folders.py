"""A folder that a build or a publication wrote, read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..splits import SPLITS
from .readers import Record, read

CROISSANT = "croissant.json"
"""What a published folder says of itself, for machines."""

BUILD = "build.json"
"""What a built folder says of how it was made."""

_FILE = re.compile(rf"({'|'.join(SPLITS)})-\d+-of-\d+\.parquet")


def read_folder(folder: Path, shown: str | None = None) -> Iterator[Record]:
    """Read the rows of ``data/{split}-*.parquet``, each with its split.

    Yields:
        One ``Record`` a row, split after split.

    Raises:
        DataError: there is no such data, a file has another name, or one cannot be read.

    >>> import tempfile
    >>> list(read_folder(Path(tempfile.mkdtemp()), "posts"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: posts: the folder has no data/train-00000-of-00001.parq...
    """
    name = shown or str(folder)
    files = sorted((folder / "data").glob("*.parquet"))
    if not files:
        raise DataError(
            f"{name}: the folder has no data/train-00000-of-00001.parquet or the like; give a "
            "file, or a folder that `express dataset build` or `express dataset publish` wrote"
        )
    splits: dict[str, list[Path]] = {split: [] for split in SPLITS}
    for file in files:
        match = _FILE.fullmatch(file.name)
        if match is None:
            raise DataError(
                f"{name}/data/{file.name}: the name tells no split; call it "
                "train-, test- or few_shot-00000-of-00001.parquet, or move it away"
            )
        splits[match[1]].append(file)
    for split in SPLITS:
        for file in splits[split]:
            if not _is_empty(file):
                for record in read(file, f"{name}/data/{file.name}"):
                    yield Record(record.where, record.values | {"split": split})


def about_folder(folder: Path) -> dict[str, Any]:
    """What a published folder's ``croissant.json`` says of the data.

    Returns:
        The content, or nothing where there is none that can be read.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / CROISSANT).write_text('{"name": "posts"}')
    >>> about_folder(folder)
    {'name': 'posts'}
    """
    try:
        found = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_empty(file: Path) -> bool:
    """Whether it is a whole Parquet file without rows, which another tool may have written."""
    import pyarrow
    from pyarrow import parquet

    try:
        return bool(parquet.read_metadata(file.absolute()).num_rows == 0)
    except (pyarrow.ArrowException, OSError):
        return False  # the reader says what is wrong with it
