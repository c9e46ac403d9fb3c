"""Give the rows of a file their splits: what ``express dataset split FILE`` does."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import DataError
from ..files import whole
from ..sources import load_all
from ..splits import SPLITS


def split_file(source: str, out: Path, misfits: str | None = None) -> dict[str, int]:
    """Write the rows as JSONL with a column `split`: that of the source, or the post's hash.

    Returns:
        The rows of each split. Rows whose text or a near copy stands in another are left out.

    Raises:
        DataError: the source cannot be read or the file not written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     counts = split_file("sample", Path(folder, "mine.jsonl"))
    ...     again = load_all(f"{folder}/mine.jsonl")
    >>> counts == {name: len(again[name].examples) for name in counts}
    True
    """
    parts = load_all(source, misfits, by_hash=True)
    split_of = {row.id: name for name in SPLITS for row in parts[name].examples}
    try:
        with whole(out) as unfinished, unfinished.open("w", encoding="utf-8") as sink:
            for row in parts["all"].examples:
                sink.write(json.dumps(row.cells() | {"split": split_of[row.id]}) + "\n")
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from None
    return {name: len(parts[name].examples) for name in SPLITS}
