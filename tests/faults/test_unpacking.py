"""A small file that unpacks to much is refused, and takes no more memory than it may."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from faults.adversary.case import MEMORY, Forks
from pyarrow import parquet

from express_dataset import load_examples
from express_dataset.errors import DataError
from express_metric import MetricError
from express_metric.errors import FREE
from express_metric.records import read_results

ROWS = 6_000_000  # a column of them packs to some hundred bytes


def packed_rows(file: Path) -> None:
    """Millions of rows that all say the same."""
    columns = {name: pa.repeat(pa.scalar(text), ROWS) for name, text in ROW.items()}
    parquet.write_table(pa.table(columns), file, compression="zstd")


def packed_cells(file: Path) -> None:
    """Many rows with one long cell, which the file holds once."""
    places = pa.array([0] * 400_000, pa.int32())
    cells = {name: pa.repeat(pa.scalar(text), len(places)) for name, text in ROW.items()}
    cells["completion"] = pa.DictionaryArray.from_arrays(places, ["sad " * 30_000])
    parquet.write_table(pa.table(cells), file, compression="zstd")


def packed_text(file: Path) -> None:
    """A header and more blanks than a file of this size may hold."""
    header = ",".join(ROW) if ".csv" in file.name else json.dumps(ROW)
    file.write_bytes(gzip.compress(header.encode() + b"\n" + b" " * 2 * FREE))


ROW = dict.fromkeys(("labels", "completion"), "['sad']")
ROW |= {"id": "a", "split": "test", "text": "I was <mask>."}
FILES = {
    "rows.parquet": packed_rows,
    "cells.parquet": packed_cells,
    "a.csv.gz": packed_text,
    "a.jsonl.gz": packed_text,
}
TOLD = "unpacks to more than 64 MiB and 50 times its size"


@pytest.mark.parametrize("name", FILES)
def test_what_unpacks_to_much_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    FILES[name](file)
    assert file.stat().st_size < 200_000
    with Forks(tmp_path / "cases") as forks:
        for words in (("score", file), ("dataset", "stats", file)):
            outcome = forks.run(words)
            assert outcome.wrongs((2,)) == []
            # Rows that come before the bound may be no examples.
            assert TOLD in outcome.err or "give every row its own id" in outcome.err
            assert outcome.peak < MEMORY // 2 + 400_000_000  # the libraries alone hold that


def test_a_damaged_gzip_file_is_one_sentence(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(ROW).encode() * 1000)
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(whole[:40] + b"\xff\xff\xff" + whole[43:])
    with pytest.raises(zlib.error):
        gzip.decompress(file.read_bytes())
    with pytest.raises(MetricError, match="cannot be read"):
        read_results(file)
    with pytest.raises(DataError, match="not a whole gzip file"):
        load_examples(str(file))
