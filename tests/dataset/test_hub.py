"""The Hub source, through the real client, against a Hub on this machine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.loopback_hub import LoopbackHub

ROOT = Path(__file__).resolve().parents[2]
AUTHORS = "bangzhao/express-emotion-recognition"
# Every command that reads data says this, whatever its option for them is called.
OTHERWISE = "give a file of your own, or the embedded sample (sample), instead"

LOAD = """
import json, sys
from express_dataset import DataError, load_all_examples
try:
    parts = load_all_examples(sys.argv[1])
except DataError as error:
    sys.exit(str(error))
whole = parts["all"]
print(json.dumps({
    "data": whole.data, "revision": whole.revision, "lexicon": whole.lexicon,
    "description": whole.description, "texts": [row.text for row in whole.examples],
    "splits": {name: len(part.examples) for name, part in parts.items()},
}))
"""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        yield server


def _run(source: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", LOAD, source],
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _load(source: str, environment: dict[str, str]) -> Any:
    done = _run(source, environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _refusal(source: str, environment: dict[str, str]) -> str:
    done = _run(source, environment)
    assert done.returncode == 1, done.stderr
    return done.stderr.splitlines()[-1]


def _csv(*rows: tuple[str, str]) -> bytes:
    lines = [f"{number},{post},{text},\"['sad']\"" for number, (post, text) in enumerate(rows)]
    return "\n".join(["index,original_ids,segment,labels", *lines, ""]).encode()


FILES = {
    "README.md": b"---\nlicense: apache-2.0\n---\n",
    "notes/vectors.csv": b"word,joy\nglad,1\n",
    "a/part-two.csv": _csv(("x", "One <mask>"), ("x", "Two <mask>"), ("y", "Two <mask>")),
    "some name.csv": _csv(("x", "Two <mask>"), ("z", "Three <mask>")),
}


def test_the_authors_files_are_found_by_content_and_the_revision_is_recorded(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    repository = hub.dataset(AUTHORS)
    old = repository.commit({"old.csv": _csv(("x", "Old <mask>"))})
    new = repository.commit(FILES)
    environment = hub.environment(str(tmp_path))
    loaded = _load("express", environment)
    assert loaded["revision"] == new
    assert loaded["data"] == f"express@{new[:7]}"
    assert loaded["lexicon"] == "express"
    assert loaded["texts"] == ["One <mask>", "Two <mask>", "Two <mask>", "Three <mask>"]
    assert AUTHORS in loaded["description"]
    assert new in loaded["description"]
    loaded = _load(f"express@{old}", environment)
    assert (loaded["revision"], loaded["texts"]) == (old, ["Old <mask>"])


def test_what_was_downloaded_once_loads_offline(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.dataset(AUTHORS).commit(FILES)
    online = _load("express", hub.environment(str(tmp_path)))
    asked = len(hub.requests)
    offline = _load("express", hub.environment(str(tmp_path)) | {"HF_HUB_OFFLINE": "1"})
    assert offline == online
    assert len(hub.requests) == asked


def _parquet(count: int, first: int) -> bytes:
    import pyarrow
    from pyarrow import parquet

    rows = [
        {"id": f"r{n}", "text": f"Day {n}: <mask>.", "labels": ["sad"]}
        for n in range(first, first + count)
    ]
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def test_a_dataset_in_our_columns_keeps_its_splits(hub: LoopbackHub, tmp_path: Path) -> None:
    card = (
        "---\nconfigs:\n- config_name: default\n  data_files:\n"
        "  - {split: train, path: data/one.parquet}\n"
        "  - {split: test, path: data/two.parquet}\n---\n"
    )
    files = {
        "README.md": card.encode(),
        "data/one.parquet": _parquet(5, 0),
        "data/two.parquet": _parquet(3, 5),
    }
    sha = hub.dataset("org/posts").commit(files)
    loaded = _load("org/posts", hub.environment(str(tmp_path)))
    assert loaded["data"] == f"org/posts@{sha[:7]}"
    assert loaded["splits"] == {"train": 5, "test": 3, "few_shot": 0, "all": 8}
    assert loaded["lexicon"] == "nrc"
    assert loaded["description"].startswith("NOT the authors' EXPRESS data")


def test_a_dataset_that_nobody_has_split_is_one_test_split(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    hub.dataset("org/posts").commit({"posts.parquet": _parquet(60, 0)})
    splits = _load("org/posts", hub.environment(str(tmp_path)))["splits"]
    assert splits == {"all": 60, "test": 60, "train": 0, "few_shot": 0}


def test_refusals(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.dataset("org/gated", gated=True).commit(FILES)
    hub.dataset("org/strange").commit({"vectors.csv": b"word,joy\nglad,1\n"})
    sha = next(iter(hub.dataset("org/strange").commits))
    hub.dataset("org/dev").commit({"validation.parquet": _parquet(2, 0)})
    environment = hub.environment(str(tmp_path))
    assert _refusal("org/gated", environment) == (
        "the Hub dataset org/gated: it is gated; ask for access on its page and log in with "
        f"`hf auth login`, then try again, or {OTHERWISE}"
    )
    assert _refusal("org/nothing", environment) == (
        "the Hub dataset org/nothing: it does not exist, or is private and you are not logged in "
        f"(`hf auth login`), or {OTHERWISE}"
    )
    assert _refusal("org/strange@nosuch", environment) == (
        "the Hub dataset org/strange: it has no revision 'nosuch'; "
        f"give a branch, a tag or a commit of it, or {OTHERWISE}"
    )
    assert _refusal("org/strange", environment) == (
        f"the Hub dataset org/strange at {sha[:7]}: none of its 1 CSV, JSONL and Parquet files "
        f"has the columns id, text, labels or original_ids, segment, labels; {OTHERWISE}"
    )
    assert _refusal("org/dev", environment) == (
        "the Hub dataset org/dev: it has the split 'validation'; "
        f"name its splits train, test and few_shot, or {OTHERWISE}"
    )


@pytest.mark.parametrize("offline", ["0", "1"])
def test_no_hub(tmp_path: Path, offline: str) -> None:
    with LoopbackHub() as gone:
        environment = gone.environment(str(tmp_path))
    assert _refusal("express", environment | {"HF_HUB_OFFLINE": offline}) == (
        f"the Hub dataset {AUTHORS}: the Hub cannot be reached and no whole copy is in the cache; "
        f"go online, or {OTHERWISE}"
    )
