"""The second configuration of a published dataset: flat rows for a harness's generic loader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = "inspect"
"""Name of the configuration, and of its folder."""

EVAL = "eval.yaml"
"""The file by which Inspect and the Hub know how to evaluate."""

_TYPES = {"id": "string", "prompt": "string", "target": "string", "n_masks": "int32"}
_SPLIT = "test"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What lets a harness evaluate by the name of the dataset."""

    # one for each example of the test split: id, prompt, target and n_masks
    rows: tuple[Mapping[str, str | int], ...]
    text: str  # of `eval.yaml`


def write_evaluation(evaluation: Evaluation, folder: Path) -> dict[str, Any]:
    """Write the rows as Parquet, and ``eval.yaml``; the ``dataset_info`` for the card.

    The same rows give the same bytes.

    >>> import tempfile
    >>> row = {"id": "a", "prompt": "I was <mask>.", "target": "sad", "n_masks": 1}
    >>> info = write_evaluation(Evaluation((row,), ""), Path(tempfile.mkdtemp()))
    >>> info["splits"][0]["num_examples"], info["config_name"]
    (1, 'inspect')
    """
    import pyarrow
    from pyarrow import parquet

    kinds = {"string": pyarrow.string(), "int32": pyarrow.int32()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in _TYPES.items()])
    file = folder / CONFIG / f"{_SPLIT}-00000-of-00001.parquet"
    file.parent.mkdir(parents=True)
    table = pyarrow.Table.from_pylist([dict(row) for row in evaluation.rows], schema=schema)
    parquet.write_table(table, file, compression="zstd", compression_level=3, version="2.6")
    (folder / EVAL).write_text(evaluation.text, encoding="utf-8", newline="\n")
    size = sum(len(str(value).encode()) for row in evaluation.rows for value in row.values())
    return {
        "config_name": CONFIG,
        "features": [{"name": name, "dtype": kind} for name, kind in _TYPES.items()],
        "splits": [{"name": _SPLIT, "num_bytes": size, "num_examples": len(evaluation.rows)}],
        "download_size": file.stat().st_size,
        "dataset_size": size,
    }


def configuration() -> dict[str, Any]:
    """The configuration for the card's header.

    >>> configuration()["data_files"]
    [{'split': 'test', 'path': 'inspect/test-*.parquet'}]
    """
    files = [{"split": _SPLIT, "path": f"{CONFIG}/{_SPLIT}-*.parquet"}]
    return {"config_name": CONFIG, "data_files": files}
